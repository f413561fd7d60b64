"""Weighted reductions over examples."""

from keras import ops

from shortlist.typing import Tensor

__all__ = ["weighted_mean", "weighted_sum"]


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
