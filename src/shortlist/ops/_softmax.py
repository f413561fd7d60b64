"""Softmax cross-entropy over the candidates of a batch."""

from keras import ops

from shortlist.ops._masking import MASKED_LOGIT
from shortlist.typing import Tensor

__all__ = ["softmax_cross_entropy", "weighted_mean", "weighted_sum"]


def softmax_cross_entropy(logits: Tensor, labels: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """Cross-entropy of each row's softmax with its labels; masked logits take no part.

    `loss[i] = -sum_j target[i, j] * log softmax(logits[i])[j]`, where the targets are the labels, of which
    `label_smoothing` is spread evenly over the candidates that are not masked.

    Args:
        logits: `[num_queries, num_candidates]`, float32; `MASKED_LOGIT` or less where removed.
        labels: `[num_queries, num_candidates]`, float32; each row sums to 1.
        label_smoothing: Share of the label mass that is spread, in `[0, 1)`.

    Returns:
        `[num_queries]`, float32.

    Example:
        >>> import numpy as np
        >>> loss = softmax_cross_entropy(np.zeros((1, 4), "float32"), np.float32([[1, 0, 0, 0]]))
        >>> round(float(loss[0]), 4)  # log 4
        1.3863

    Source: Szegedy et al., Rethinking the Inception Architecture, 2016, for label smoothing.
    """
    kept = ops.cast(logits > MASKED_LOGIT / 2, logits.dtype)
    log_softmax = logits - ops.logsumexp(logits, axis=1, keepdims=True)
    log_softmax = ops.where(kept > 0, log_softmax, 0.0)
    if label_smoothing:
        uniform = kept / ops.sum(kept, axis=1, keepdims=True)
        labels = (1.0 - label_smoothing) * labels + label_smoothing * uniform
    return -ops.sum(labels * log_softmax, axis=1)


def weighted_mean(values: Tensor, weights: Tensor | None = None) -> Tensor:
    """Mean over examples: a weight of 0 is an absent row, a weight of 2 the row twice.

    `sum_i w[i] v[i] / sum_i w[i]`, and 0 when all weights are 0.

    Args:
        values: `[num_examples]`.
        weights: `[num_examples]` or `[num_examples, 1]`, not negative; None is 1 for each.

    Returns:
        Scalar.

    Example:
        >>> import numpy as np
        >>> float(weighted_mean(np.float32([1, 4]), np.float32([2, 1])))
        2.0
    """
    if weights is None:
        return ops.mean(values)
    return ops.divide_no_nan(weighted_sum(values, weights), ops.sum(ops.cast(weights, values.dtype)))


def weighted_sum(values: Tensor, weights: Tensor | None = None) -> Tensor:
    """Sum over examples, each times its weight.

    Args:
        values: `[num_examples]`.
        weights: `[num_examples]` or `[num_examples, 1]`; None is 1 for each.

    Returns:
        Scalar.

    Example:
        >>> import numpy as np
        >>> float(weighted_sum(np.float32([1, 4]), np.float32([2, 1])))
        6.0
    """
    if weights is None:
        return ops.sum(values)
    return ops.sum(values * ops.reshape(ops.cast(weights, values.dtype), (-1,)))
