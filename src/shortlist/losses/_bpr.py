"""Bayesian personalized ranking over drawn negatives."""

import dataclasses
from typing import Any

import keras
from keras import ops

from shortlist.losses._logits import check_drawn, check_options, drawn_logits, positive_logits, reduced
from shortlist.losses._retrieval_loss import Negatives
from shortlist.ops import MASKED_LOGIT
from shortlist.typing import Tensor

__all__ = ["BPR"]


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True, kw_only=True)
class BPR:
    """Bayesian personalized ranking: train the positive to score higher than each drawn negative.

    `loss[i] = mean_j -log sigmoid(score[i, i] - score[i, j])` over the drawn negatives j that are not
    removed; 0 if none is left. `log_q` and the other candidates of the batch are not used.

    Args:
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the same query in this batch.
        reduction: `"mean"` over examples or `"sum"`, both weighted by `sample_weight`.

    Raises:
        ArgumentError: If an option is out of range. When called: if no negatives were drawn.

    Example:
        >>> import numpy as np
        >>> from shortlist.losses import Negatives, Vectors
        >>> vectors, others = np.eye(2, dtype="float32"), np.zeros((3, 2), "float32")
        >>> round(float(BPR()(vectors, vectors, Negatives(shared=Vectors(others)))), 4)  # log(1 + exp(-1))
        0.3133

    Reference: Rendle et al., "BPR: Bayesian Personalized Ranking from Implicit Feedback", UAI 2009.
    """

    remove_accidental_hits: bool = True
    remove_false_negatives: bool = True
    reduction: str = "mean"

    def __post_init__(self) -> None:
        check_options(reduction=self.reduction)

    def __call__(
        self, queries: Tensor, candidates: Tensor, negatives: Negatives, sample_weight: Tensor | None = None
    ) -> Tensor:
        """Return the loss, a float32 scalar; see `RetrievalLoss`."""
        check_drawn(negatives)
        removal = self.remove_accidental_hits, self.remove_false_negatives
        logits = ops.concatenate(drawn_logits(queries, _uncorrected(negatives), None, *removal), axis=1)
        is_kept = ops.cast(logits > MASKED_LOGIT / 2, "float32")
        # Replace removed logits before softplus, so that no gradient passes through -1e9.
        gaps = ops.where(is_kept > 0, logits, 0.0) - positive_logits(queries, candidates, None)
        losses = ops.divide_no_nan(ops.sum(is_kept * ops.softplus(gaps), axis=1), ops.sum(is_kept, axis=1))
        return reduced(losses, sample_weight, self.reduction)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "BPR":
        return cls(**config)


def _uncorrected(negatives: Negatives) -> Negatives:
    drawn = (negatives.shared, negatives.per_query)
    shared, own = (one and dataclasses.replace(one, log_q=None) for one in drawn)
    return dataclasses.replace(negatives, shared=shared, per_query=own)
