"""Rows of a table: looked up, differentiated by, changed in place; on PyTorch."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import torch
from keras.src.backend.common.stateless_scope import in_stateless_scope  # Keras has no public name for it

from shortlist.backend._full_precision import raw_value
from shortlist.typing import Tensor

__all__ = ["deduplicate_rows", "differentiating_by_rows", "gather_rows", "lookup", "scatter_rows"]

_BY_ROWS: ContextVar[bool] = ContextVar("shortlist_differentiating_by_rows", default=False)


@contextlib.contextmanager
def differentiating_by_rows(by_rows: bool) -> Iterator[None]:
    """Within it, a lookup gives its table a sparse gradient, which Keras' own optimizers could not take.

    Args:
        by_rows: Whether it does.

    Yields:
        Nothing.
    """
    token = _BY_ROWS.set(by_rows)
    try:
        yield
    finally:
        _BY_ROWS.reset(token)


def lookup(variable: Any, rows: Tensor) -> Tensor:
    """The rows of a table.

    Args:
        variable: A Keras variable, `[num_rows, dim]`.
        rows: Any shape, int, each in `[0, num_rows)`.

    Returns:
        `[*rows.shape, dim]`, of the variable's dtype.
    """
    return torch.nn.functional.embedding(rows, raw_value(variable), sparse=_BY_ROWS.get())


def deduplicate_rows(gradient: Any) -> tuple[Tensor, Tensor] | None:
    """A sparse gradient, with what belongs to one row summed.

    Args:
        gradient: What a parameter holds after `backward`.

    Returns:
        Distinct rows `[n]` and their gradients `[n, ...]`; None when the gradient is dense.
    """
    if not isinstance(gradient, torch.Tensor) or not gradient.is_sparse:
        return None
    summed = gradient.coalesce()
    return summed.indices()[0], summed.values()


def gather_rows(variable: Any, rows: Tensor) -> Tensor:
    """Some rows of a variable.

    Args:
        variable: A Keras variable, or a tensor or variable of the backend, `[num_rows, ...]`.
        rows: `[...]`, int.

    Returns:
        `[..., ...]`, the row of each in its place.
    """
    found = raw_value(variable).detach().index_select(0, rows.reshape(-1))
    return found.reshape(*rows.shape, *found.shape[1:])


def scatter_rows(variable: Any, rows: Tensor, values: Tensor) -> None:
    """Give some rows of a variable new values, in place.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: `[n]`, as `deduplicate_rows` gives them.
        values: `[n, ...]`, of the variable's dtype.
    """
    rows = rows.to(torch.long)
    with torch.no_grad():
        if in_stateless_scope():  # which keeps what is assigned, and knows nothing of changes in place
            variable.assign(raw_value(variable).index_copy(0, rows, values))
        else:
            raw_value(variable).index_copy_(0, rows, values)
