"""Rows of tables in JAX: gathered, updated, deduplicated."""

import math
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from shortlist.backend._hashing import hash_multipliers
from shortlist.backend._keras_private import raw_value
from shortlist.backend.interface import UniqueRows
from shortlist.typing import Tensor

__all__ = [
    "READER",
    "RowGradient",
    "deduplicate_rows",
    "gather_rows",
    "lookup",
    "scatter_add",
    "scatter_rows",
    "take_rows",
    "unique_rows",
]


class RowGradient(NamedTuple):
    """Sparse gradient of a table with `num_rows` rows; JAX has no type for it."""

    rows: Tensor
    """`[n]`, int, in `[0, num_rows)`, with repetitions."""
    values: Tensor
    """`[n, ...]`."""
    num_rows: int


def take_rows(variable: Any, rows: Tensor) -> Tensor:
    """Gather rows in the table's dtype; NaN for rows outside the table."""
    table = raw_value(variable)
    return table.at[rows].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)


READER: ContextVar[Callable[[Any, Tensor], Tensor]] = ContextVar("shortlist_reader", default=take_rows)
"""Implementation of `lookup`; replaced while `_row_gradients` records the lookups of a loss."""


def lookup(variable: Any, rows: Tensor) -> Tensor:
    return READER.get()(variable, rows)


def gather_rows(variable: Any, rows: Tensor) -> Tensor:
    return raw_value(variable).at[rows].get(mode="fill", fill_value=0)


def scatter_rows(variable: Any, rows: Tensor, values: Tensor) -> None:
    # In place if the variable is donated to the compiled step.
    variable.assign(raw_value(variable).at[rows].set(values, mode="drop"))


def scatter_add(variable: Any, rows: Tensor, values: Tensor) -> None:
    variable.assign(variable.value.at[rows].add(values))


def deduplicate_rows(gradient: Any) -> tuple[Tensor, Tensor] | None:
    if not isinstance(gradient, RowGradient):
        return None
    size = gradient.rows.shape[0]
    rows, codes = jnp.unique(gradient.rows, return_inverse=True, size=size, fill_value=gradient.num_rows)
    return rows, jax.ops.segment_sum(gradient.values, codes.reshape(-1), num_segments=size)


def unique_rows(parts: Sequence[Tensor]) -> UniqueRows:
    num_rows = parts[0].shape[0]
    bits = jnp.concatenate([_bits(part) for part in parts], axis=1)
    factors = (hash_multipliers(bits.shape[1]) >> np.uint64(32)).astype("uint32") | np.uint32(1)
    mixed = bits ^ (bits >> 16)  # the lower bits of numbers from half precision are zeros
    hashes = jnp.sum(mixed * factors, axis=1, dtype="uint32")
    _, codes = jnp.unique(hashes, size=num_rows, return_inverse=True)
    rows = jnp.arange(num_rows, dtype="int32")
    first = jnp.full((num_rows,), max(0, num_rows - 1), "int32").at[codes].min(rows)
    # If unequal rows have one hash, treat all rows as distinct.
    are_equal = jnp.all(bits[first[codes]] == bits)
    number = jnp.where(are_equal, jnp.max(codes, initial=-1) + 1, num_rows)
    first, codes = (jnp.where(are_equal, part, rows) for part in (first, codes.astype("int32")))
    return UniqueRows(first, codes, number)


def _bits(part: Tensor) -> Tensor:
    return jax.lax.bitcast_convert_type(part.reshape(part.shape[0], math.prod(part.shape[1:])), jnp.uint32)
