"""Bayesian personalized ranking over drawn negatives."""

import dataclasses

import keras
from keras import ops

from shortlist.losses._drawn import DrawnLoss
from shortlist.losses._logits import reduced
from shortlist.losses._retrieval_loss import Negatives
from shortlist.typing import Tensor

__all__ = ["BPR"]


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True, kw_only=True)
class BPR(DrawnLoss):
    """Bayesian personalized ranking: train the positive to score higher than each drawn negative.

    `loss[i] = mean_j -log sigmoid(score[i, i] - score[i, j])` over the drawn negatives j that are not
    removed; 0 if none is left. `log_q` and the other candidates of the batch are not used.

    Args:
        num_negatives: Number of negatives that `models.TwoTower` draws uniformly for each batch. None for
            1024, or if the model is given `negatives`.
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

    def __call__(
        self, queries: Tensor, candidates: Tensor, negatives: Negatives, sample_weight: Tensor | None = None
    ) -> Tensor:
        """Return the loss, a float32 scalar; see `RetrievalLoss`."""
        positive, scores, is_kept = self._scores(queries, candidates, negatives)
        terms = is_kept * ops.softplus(scores - positive)
        losses = ops.divide_no_nan(ops.sum(terms, axis=1), ops.sum(is_kept, axis=1))
        return reduced(losses, sample_weight, self.reduction)
