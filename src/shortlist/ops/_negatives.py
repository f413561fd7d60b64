"""Hard negative mining on a matrix of logits."""

from keras import ops

from shortlist.ops._masking import MASKED_LOGIT, positives
from shortlist.typing import Tensor

__all__ = ["keep_hard_negatives"]


def keep_hard_negatives(logits: Tensor, num_hard_negatives: int) -> tuple[Tensor, Tensor]:
    """Keep each query's positive and its `num_hard_negatives` highest-scoring negatives.

    Args:
        logits: `[num_queries, num_candidates]`, float32; row i's positive is column i.
        num_hard_negatives: Number of negatives to keep, at most those there are.

    Returns:
        The logits and the labels (1 for the positive, else 0), both `[num_queries, 1 + kept]`, float32, the
        positive in column 0 and the negatives after it, hardest first.

    Example:
        >>> import numpy as np
        >>> kept, labels = keep_hard_negatives(np.float32([[5, 1, 7]]), 1)
        >>> np.asarray(kept).tolist(), np.asarray(labels).tolist()
        ([[5.0, 7.0]], [[1.0, 0.0]])

    Reference: Schroff et al., "FaceNet", CVPR 2015, for online hard negatives.
    """
    logits = ops.convert_to_tensor(logits)
    is_positive = positives(*ops.shape(logits))
    own = ops.sum(ops.where(is_positive, logits, 0.0), axis=1, keepdims=True)
    negatives = ops.where(is_positive, ops.cast(2 * MASKED_LOGIT, logits.dtype), logits)
    kept = min(num_hard_negatives, logits.shape[1] - 1) if logits.shape[1] else num_hard_negatives
    hardest, _ = ops.top_k(negatives, kept)
    labels = ops.concatenate([ops.ones_like(own), ops.zeros_like(hardest)], axis=1)
    return ops.concatenate([own, hardest], axis=1), labels
