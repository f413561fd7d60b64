"""Rows of a table: looked up, differentiated by, changed in place; on JAX."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from shortlist.backend._full_precision import raw_value
from shortlist.typing import Tensor

__all__ = ["READER", "RowGradient", "deduplicate_rows", "gather_rows", "lookup", "scatter_rows", "take_rows"]


class RowGradient(NamedTuple):
    """The gradient of a table by the rows that were looked up; JAX has no type for it.

    Args:
        rows: `[n]`, int, in `[0, num_rows)`, with repetitions.
        values: `[n, ...]`.
        num_rows: Of the table.
    """

    rows: Tensor
    values: Tensor
    num_rows: int


def take_rows(variable: Any, rows: Tensor) -> Tensor:
    """The rows of a table; NaN for a row that it does not have.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: Any shape, int.

    Returns:
        `[*rows.shape, ...]`, of the variable's dtype.
    """
    table = raw_value(variable)
    return table.at[rows].get(mode="fill", fill_value=jnp.nan, wrap_negative_indices=False)


READER: ContextVar[Callable[[Any, Tensor], Tensor]] = ContextVar("shortlist_reader", default=take_rows)
"""What a lookup does; while a gradient is taken by rows, it is recorded too."""


def lookup(variable: Any, rows: Tensor) -> Tensor:
    """The rows of a table; NaN for a row that it does not have.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: Any shape, int, each in `[0, num_rows)`.

    Returns:
        `[*rows.shape, ...]`, of the variable's dtype.
    """
    return READER.get()(variable, rows)


def deduplicate_rows(gradient: Any) -> tuple[Tensor, Tensor] | None:
    """A gradient by rows, with what belongs to one row summed.

    Shapes are fixed, so where rows are repeated there are fewer than places: those left hold rows beyond the
    table, which are never written, and zeros.

    Args:
        gradient: Of a variable.

    Returns:
        Distinct rows `[n]` and their gradients `[n, ...]`; None when the gradient is dense.
    """
    if not isinstance(gradient, RowGradient):
        return None
    size = gradient.rows.shape[0]
    rows, slots = jnp.unique(gradient.rows, return_inverse=True, size=size, fill_value=gradient.num_rows)
    return rows, jax.ops.segment_sum(gradient.values, slots.reshape(-1), num_segments=size)


def gather_rows(variable: Any, rows: Tensor) -> Tensor:
    """Some rows of a variable; zeros for those beyond its end.

    Args:
        variable: A Keras variable, or a tensor or variable of the backend, `[num_rows, ...]`.
        rows: `[...]`, int.

    Returns:
        `[..., ...]`, the row of each in its place.
    """
    return raw_value(variable).at[rows].get(mode="fill", fill_value=0)


def scatter_rows(variable: Any, rows: Tensor, values: Tensor) -> None:
    """Give some rows of a variable new values, in place where the compiled step owns the variable.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: `[n]`, as `deduplicate_rows` gives them.
        values: `[n, ...]`, of the variable's dtype.
    """
    variable.assign(raw_value(variable).at[rows].set(values, mode="drop"))
