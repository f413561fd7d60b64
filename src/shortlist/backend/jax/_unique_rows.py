"""Rows that stand several times in a batch, found by a hash and compared bit by bit; on JAX."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from shortlist.backend._unique_rows import UniqueRows, hash_multipliers
from shortlist.typing import Tensor

__all__ = ["UniqueRows", "unique_rows"]


def unique_rows(parts: Sequence[Tensor]) -> UniqueRows:
    """The distinct rows of a batch: two are one when all their parts are equal, bit by bit.

    Args:
        parts: `[n, ...]` each, float32 or int32, side by side.

    Returns:
        Where each distinct row stands, and which one each row is; as many places as rows.
    """
    num_rows = parts[0].shape[0]
    bits = jnp.concatenate([_bits(part) for part in parts], axis=1)
    factors = (hash_multipliers(bits.shape[1]) >> np.uint64(32)).astype("uint32") | np.uint32(1)
    mixed = bits ^ (bits >> 16)  # of numbers that came from half precision the lower bits are zeros
    hashes = jnp.sum(mixed * factors, axis=1, dtype="uint32")
    _, codes = jnp.unique(hashes, size=num_rows, return_inverse=True)
    rows = jnp.arange(num_rows, dtype="int32")
    first = jnp.full((num_rows,), max(0, num_rows - 1), "int32").at[codes].min(rows)
    are_equal = jnp.all(bits[first[codes]] == bits)
    number = jnp.where(are_equal, jnp.max(codes, initial=-1) + 1, num_rows)
    first, codes = (jnp.where(are_equal, part, rows) for part in (first, codes.astype("int32")))
    return UniqueRows(first, codes, number)


def _bits(part: Tensor) -> Tensor:
    """`[n, w]`, uint32."""
    return jax.lax.bitcast_convert_type(part.reshape(part.shape[0], math.prod(part.shape[1:])), jnp.uint32)
