"""Generalized binary cross-entropy over drawn negatives."""

import dataclasses

import keras
from keras import ops

from shortlist.errors import ArgumentError, must
from shortlist.losses._drawn import DrawnLoss
from shortlist.losses._logits import reduced
from shortlist.losses._retrieval_loss import Negatives
from shortlist.typing import Tensor

__all__ = ["GBCE"]


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True, kw_only=True)
class GBCE(DrawnLoss):
    """Generalized binary cross-entropy (gBCE): binary cross-entropy, corrected for too few negatives.

    `loss[i] = -(b log sigmoid(p[i]) + sum_j log(1 - sigmoid(l[i, j]))) / (n + 1)` over the n drawn negatives
    that are not removed. With few negatives, plain binary cross-entropy (`calibration=0`) learns
    probabilities that are too high. A smaller weight of the positive corrects this: with the sampling rate
    `a = n / (num_candidates - 1)`, it is `b = 1 - calibration * (1 - a)`. `log_q` and the other candidates
    of the batch are not used.

    Args:
        calibration: 0 for plain binary cross-entropy, 1 for calibrated probabilities.
        num_negatives: As in `BPR`.
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the same query in this batch.
        reduction: `"mean"` over examples or `"sum"`, both weighted by `sample_weight`.

    Raises:
        ArgumentError: If an option is out of range. When called: if no negatives were drawn, or the size of
            the catalog is not known.

    Example:
        >>> import numpy as np
        >>> from shortlist.losses import Negatives, Vectors
        >>> vectors, others = np.eye(2, dtype="float32"), np.zeros((1, 2), "float32")
        >>> negatives = Negatives(shared=Vectors(others), num_candidates=5)
        >>> round(float(GBCE(calibration=0.0)(vectors, vectors, negatives)), 4)  # (0.3133 + log 2) / 2
        0.5032

    Reference: Petrov and Macdonald, "gSASRec: Reducing Overconfidence in Sequential Recommendation Trained
        with Negative Sampling", RecSys 2023.
    """

    calibration: float = 0.75

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.calibration <= 1:
            raise ArgumentError(must("calibration", "be in [0, 1]", got=self.calibration))

    def __call__(
        self, queries: Tensor, candidates: Tensor, negatives: Negatives, sample_weight: Tensor | None = None
    ) -> Tensor:
        """Return the loss, a float32 scalar; see `RetrievalLoss`."""
        positive, scores, is_kept = self._scores(queries, candidates, negatives)
        if negatives.num_candidates is None:
            fix = "Pass num_candidates to the task"
            raise ArgumentError(must("num_candidates", "be given for this loss", fix=fix))
        number = ops.sum(is_kept, axis=1)
        rate = ops.minimum(number / max(negatives.num_candidates - 1, 1), 1.0)
        weight = 1.0 - self.calibration * (1.0 - rate)
        terms = weight * ops.softplus(-positive[:, 0]) + ops.sum(is_kept * ops.softplus(scores), axis=1)
        return reduced(terms / (number + 1.0), sample_weight, self.reduction)
