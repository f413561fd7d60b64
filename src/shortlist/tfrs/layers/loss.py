"""`tfrs.layers.loss`: what the retrieval task does to logits, a layer for each."""

from typing import Any

import keras
from keras import ops as keras_ops

from shortlist import backend, ops
from shortlist.typing import Tensor

__all__ = ["HardNegativeMining", "RemoveAccidentalHits", "SamplingProbablityCorrection"]


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class HardNegativeMining(keras.layers.Layer):
    """Keep the positives and the highest-scoring negatives of each row.

    Args:
        num_hard_negatives: Number of negatives to keep per row.

    Example:
        >>> import numpy as np
        >>> logits, labels = HardNegativeMining(1)(np.float32([[5, 1, 7]]), np.float32([[0, 1, 0]]))
        >>> np.asarray(logits).tolist(), np.asarray(labels).tolist()
        ([[1.0, 7.0]], [[1.0, 0.0]])
    """

    def __init__(self, num_hard_negatives: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_hard_negatives = num_hard_negatives

    def call(self, logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the kept logits and labels, `[batch, 1 + num_hard_negatives]`, positives first.

        Args:
            logits: `[batch, num_candidates]`.
            labels: `[batch, num_candidates]`, positive for each row's positive, 0 elsewhere.
        """
        kept = self.num_hard_negatives + 1
        if logits.shape[1] is not None:
            kept = min(kept, logits.shape[1])
        _, columns = keras_ops.top_k(keras_ops.where(labels > 0, -ops.MASKED_LOGIT, logits), kept)
        return tuple(keras_ops.take_along_axis(values, columns, axis=1) for values in (logits, labels))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_hard_negatives": self.num_hard_negatives}


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class RemoveAccidentalHits(keras.layers.Layer):
    """Mask negatives that have the same id as the row's positive.

    Example:
        >>> import numpy as np
        >>> labels, logits = np.float32([[0, 1]]), np.float32([[3, 4]])
        >>> logits = RemoveAccidentalHits()(labels, logits, np.int32([7, 7]))
        >>> [bool(logit < -1e8) for logit in logits[0]]
        [True, False]
    """

    def call(self, labels: Tensor, logits: Tensor, candidate_ids: Tensor) -> Tensor:
        """Return `logits` with accidental hits masked, `[batch, num_candidates]`.

        Args:
            labels: `[batch, num_candidates]`, 1 for each row's positive, 0 elsewhere.
            logits: `[batch, num_candidates]`.
            candidate_ids: `[num_candidates]`.
        """
        codes = backend.factorize(candidate_ids)
        positive_codes = keras_ops.take(codes, keras_ops.argmax(labels, axis=1))
        has_same_id = keras_ops.expand_dims(positive_codes, 1) == keras_ops.expand_dims(codes, 0)
        is_hit = keras_ops.logical_and(has_same_id, labels <= 0)
        return keras_ops.where(is_hit, keras_ops.cast(ops.MASKED_LOGIT, logits.dtype), logits)


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
        """Return the corrected logits.

        Args:
            logits: `[batch, num_candidates]`.
            candidate_sampling_probability: `[num_candidates]`.

        Returns:
            `[batch, num_candidates]`.
        """
        return ops.correct_logits(logits, ops.log_probability(candidate_sampling_probability))
