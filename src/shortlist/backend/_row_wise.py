"""Connection between a training step and a row-wise optimizer."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["deduplicated_gradients", "find_row_wise"]


def find_row_wise(optimizer: Any) -> Any:
    """Return the row-wise optimizer, which may be inside a `LossScaleOptimizer`; None for any other."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return inner if hasattr(inner, "holding_rows") else None


@contextlib.contextmanager
def deduplicated_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> Iterator[list[Any]]:
    """Yield gradients as tensors, sparse ones reduced to one entry per row.

    Inside the context a row-wise optimizer knows the rows, so a wrapper around it handles tensors only. For
    any other optimizer the gradients are yielded unchanged.
    """
    row_wise = find_row_wise(optimizer)
    if row_wise is None:
        yield list(gradients)
    else:
        with row_wise.holding_rows(gradients, variables) as tensors:
            yield tensors
