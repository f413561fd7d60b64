"""Softmax cross-entropy over drawn negatives."""

import dataclasses
from typing import Any

import keras
from keras import ops

from shortlist.losses._logits import check_drawn, check_options, drawn_logits, positive_logits, reduced
from shortlist.losses._retrieval_loss import Negatives
from shortlist.typing import Tensor

__all__ = ["SampledSoftmax"]


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True, kw_only=True)
class SampledSoftmax:
    """Softmax cross-entropy over the catalog, estimated from drawn negatives.

    `loss[i] = log(exp(p[i]) + sum_j exp(l[i, j] - log(n q[j]))) - p[i]` with scores divided by the
    temperature, `p` of the positive and `l` of n negatives drawn with probabilities q. The sum is an
    unbiased estimate of the other candidates' share of the softmax over the whole catalog. Negatives
    without `log_q` are not corrected. Other candidates of the batch are no negatives.

    Args:
        temperature: Divides the scores; None for 1.
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the same query in this batch.
        reduction: `"mean"` over examples or `"sum"`, both weighted by `sample_weight`.

    Raises:
        ArgumentError: If an option is out of range. When called: if no negatives were drawn.

    Example:
        >>> import numpy as np
        >>> from shortlist.losses import Negatives, Vectors
        >>> vectors, others = np.eye(2, dtype="float32"), np.zeros((2, 2), "float32")
        >>> round(float(SampledSoftmax()(vectors, vectors, Negatives(shared=Vectors(others)))), 4)
        0.5514

    Reference: Bengio and Senecal, "Adaptive Importance Sampling to Accelerate Training of a Neural
        Probabilistic Language Model", IEEE Transactions on Neural Networks 2008.
    """

    temperature: float | None = None
    remove_accidental_hits: bool = True
    remove_false_negatives: bool = True
    reduction: str = "mean"

    def __post_init__(self) -> None:
        check_options(temperature=self.temperature, reduction=self.reduction)

    def __call__(
        self, queries: Tensor, candidates: Tensor, negatives: Negatives, sample_weight: Tensor | None = None
    ) -> Tensor:
        """Return the loss; see `RetrievalLoss`."""
        removal = self.remove_accidental_hits, self.remove_false_negatives
        check_drawn(negatives)
        positive = positive_logits(queries, candidates, self.temperature)
        parts = drawn_logits(queries, negatives, self.temperature, *removal)
        groups = [one for one in (negatives.shared, negatives.per_query) if one is not None]
        numbers = [
            ops.shape(part)[1] if group.mask is None else ops.sum(ops.cast(group.mask, "int32"), 1, True)
            for group, part in zip(groups, parts, strict=True)
        ]
        log_number = ops.log(ops.cast(ops.maximum(sum(numbers), 1), "float32"))
        corrected = [
            part if group.log_q is None else part - log_number
            for group, part in zip(groups, parts, strict=True)
        ]
        logits = ops.concatenate([positive, *corrected], axis=1)
        losses = ops.logsumexp(logits, axis=1) - positive[:, 0]
        return reduced(losses, sample_weight, self.reduction)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "SampledSoftmax":
        return cls(**config)
