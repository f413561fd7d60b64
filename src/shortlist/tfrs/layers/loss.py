"""`tfrs.layers.loss`: what the retrieval task does to logits, a layer for each."""

from typing import Any

import keras
from keras import ops as keras_ops

from shortlist import backend, ops
from shortlist.typing import Tensor

__all__ = ["HardNegativeMining", "RemoveAccidentalHits", "SamplingProbablityCorrection"]


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class HardNegativeMining(keras.layers.Layer):
    """Keeps the positive and the negatives of highest logit of each row; see `ops.keep_hard_negatives`.

    Args:
        num_hard_negatives: How many negatives to keep.

    Example:
        >>> import numpy as np
        >>> logits, labels = HardNegativeMining(1)(np.float32([[5, 1, 7]]), np.float32([[1, 0, 0]]))
        >>> np.asarray(logits).tolist()
        [[5.0, 7.0]]
    """

    def __init__(self, num_hard_negatives: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_hard_negatives = num_hard_negatives

    def call(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The kept logits and their labels.

        Args:
            logits: `[batch, num_candidates]`; row i's positive is column i.
            labels: `[batch, num_candidates]`, 1 for the positive and 0 for the others.

        Returns:
            Logits and labels `[batch, 1 + kept]`, the positive first.
        """
        return ops.keep_hard_negatives(logits, self.num_hard_negatives)

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again.

        Returns:
            The constructor's arguments.
        """
        return {**super().get_config(), "num_hard_negatives": self.num_hard_negatives}


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class RemoveAccidentalHits(keras.layers.Layer):
    """Masks negatives that are the positive's item; see `ops.accidental_hits`.

    Example:
        >>> import numpy as np
        >>> logits = RemoveAccidentalHits()(np.eye(2), np.zeros((2, 2), "float32"), np.int32([7, 7]))
        >>> bool(logits[0, 1] < -1e8)
        True
    """

    def call(self, labels: Tensor, logits: Tensor, candidate_ids: Tensor) -> Tensor:
        """The logits without accidental hits.

        Args:
            labels: `[batch, num_candidates]`; row i's positive is column i.
            logits: `[batch, num_candidates]`.
            candidate_ids: `[num_candidates]`.

        Returns:
            `[batch, num_candidates]`.
        """
        codes = backend.factorize(candidate_ids)
        return ops.mask_logits(logits, ops.accidental_hits(codes, keras_ops.shape(logits)[0]))


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class SamplingProbablityCorrection(keras.layers.Layer):
    """Subtracts the log of the candidates' sampling probabilities; see `ops.correct_logits`.

    It is spelled as it was shipped.

    Example:
        >>> import numpy as np
        >>> logits = SamplingProbablityCorrection()(np.float32([[0.0]]), np.float32([0.5]))
        >>> round(float(logits[0, 0]), 4)
        0.6931
    """

    def call(self, logits: Tensor, candidate_sampling_probability: Tensor) -> Tensor:
        """The corrected logits.

        Args:
            logits: `[batch, num_candidates]`.
            candidate_sampling_probability: `[num_candidates]`.

        Returns:
            `[batch, num_candidates]`.
        """
        return ops.correct_logits(logits, ops.log_probability(candidate_sampling_probability))
