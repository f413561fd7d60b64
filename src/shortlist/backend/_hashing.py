"""Random multipliers for hashing rows of integers."""

import functools

import numpy as np

__all__ = ["hash_multipliers"]


@functools.cache
def hash_multipliers(width: int) -> np.ndarray:
    """Return `[width]` odd uint64 multipliers; the hash of a row is its dot product with them.

    Reference: Carter and Wegman, "Universal Classes of Hash Functions", 1979.
    """
    return np.random.default_rng(0).integers(2**64, size=width, dtype="uint64") | np.uint64(1)
