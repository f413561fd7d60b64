"""Cosine contrastive loss over drawn negatives."""

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from shortlist.errors import ArgumentError, must
from shortlist.losses._drawn import DrawnLoss
from shortlist.losses._logits import reduced
from shortlist.losses._retrieval_loss import Negatives
from shortlist.typing import Tensor

__all__ = ["CosineContrastive"]


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True, kw_only=True)
class CosineContrastive(DrawnLoss):
    """Cosine contrastive loss (CCL): pull the positive close, push away the negatives above a margin.

    `loss[i] = 1 - score[i, i] + negative_weight * mean_j max(0, score[i, j] - margin)` over the drawn
    negatives j that are not removed. Scores must be cosines: give `models.TwoTower` a temperature, such as
    1.0, so that it scales its vectors to length 1; it refuses this loss otherwise. `log_q` and the other
    candidates of the batch are not used.

    Args:
        margin: Cosine below which a negative costs nothing, in `[-1, 1)`.
        negative_weight: Weight of the negatives.
        num_negatives: As in `BPR`.
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the same query in this batch.
        reduction: `"mean"` over examples or `"sum"`, both weighted by `sample_weight`.

    Raises:
        ArgumentError: If an option is out of range. When called: if no negatives were drawn.

    Example:
        >>> import numpy as np
        >>> from shortlist.losses import Negatives, Vectors
        >>> vectors, others = np.eye(2, dtype="float32"), np.float32([[0.6, 0.8]])
        >>> loss = CosineContrastive(margin=0.5, negative_weight=10.0)
        >>> round(float(loss(vectors, vectors, Negatives(shared=Vectors(others)))), 4)  # 10 * (0.1 + 0.3) / 2
        2.0

    Reference: Mao et al., "SimpleX: A Simple and Strong Baseline for Collaborative Filtering", CIKM 2021.
    """

    margin: float = 0.9
    negative_weight: float = 150.0
    uses_unit_vectors: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if not -1 <= self.margin < 1:
            raise ArgumentError(must("margin", "be in [-1, 1)", got=self.margin))

    def __call__(
        self, queries: Tensor, candidates: Tensor, negatives: Negatives, sample_weight: Tensor | None = None
    ) -> Tensor:
        """Return the loss, a float32 scalar; see `RetrievalLoss`."""
        positive, scores, is_kept = self._scores(queries, candidates, negatives)
        terms = is_kept * ops.relu(scores - self.margin)
        pushed = ops.divide_no_nan(ops.sum(terms, axis=1), ops.sum(is_kept, axis=1))
        return reduced(1.0 - positive[:, 0] + self.negative_weight * pushed, sample_weight, self.reduction)
