"""What every backend says of the distinct rows of a batch."""

import functools
from typing import Any, NamedTuple

import numpy as np

__all__ = ["UniqueRows", "hash_multipliers"]


class UniqueRows(NamedTuple):
    """Rows of a batch, each of those that are equal once."""

    first: Any
    """`[m]`, int32: where each distinct row stands in the batch. Where shapes must be known, m is the size of
    the batch, and the places after the last distinct row name any row."""
    codes: Any
    """`[n]`, int32, in `[0, m)`: which of them each row of the batch is."""
    number: Any = None
    """How many distinct rows there are, where that is not m."""


@functools.cache
def hash_multipliers(width: int) -> np.ndarray:
    """Factors of a hash of `width` integers, which is the sum of their products.

    Args:
        width: How many.

    Returns:
        `[width]`, uint64, odd.

    Source: Carter and Wegman, Universal Classes of Hash Functions, 1979.
    """
    return np.random.default_rng(0).integers(2**64, size=width, dtype="uint64") | np.uint64(1)
