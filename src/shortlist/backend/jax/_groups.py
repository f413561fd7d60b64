"""Products of vectors with groups of rows of a large table, on JAX."""

from typing import Any

import jax
import jax.numpy as jnp

from shortlist.typing import Tensor

__all__ = ["grouped_products"]

_AT_ONCE = 16
"""Vectors whose groups are read together; more leave the cache."""


def grouped_products(table: Any, groups: Tensor, vectors: Tensor) -> Tensor:
    """The best product of each vector's heads with every row of its group.

    Args:
        table: `[num_groups, size, dim]`, float32 or int8, a tensor or a variable of the backend.
        groups: `[n]`, int32, in ascending order, so that those that are one lie together.
        vectors: `[n, heads, dim]`, float32.

    Returns:
        `[n, size]`, float32.
    """

    # How many are one is not known when this is compiled: one product a vector, of groups from the cache.
    def products(group: Tensor, own: Tensor) -> Tensor:
        return jnp.max(own @ table[group].astype("float32").T, axis=0)

    return jax.lax.map(lambda pair: products(*pair), (groups, vectors), batch_size=_AT_ONCE)
