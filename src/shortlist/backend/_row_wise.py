"""How a training step and a row-wise optimizer find each other, whichever backend."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

__all__ = ["deduplicated_gradients", "find_row_wise"]


def find_row_wise(optimizer: Any) -> Any:
    """The optimizer that takes gradients by row.

    Args:
        optimizer: Any Keras optimizer, or None.

    Returns:
        The optimizer itself, or the one inside a `LossScaleOptimizer`; None when that is an ordinary one.
    """
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    return inner if hasattr(inner, "holding_rows") else None


@contextlib.contextmanager
def deduplicated_gradients(
    optimizer: Any, gradients: Sequence[Any], variables: Sequence[Any]
) -> Iterator[list[Any]]:
    """Gradients as Keras' optimizers take them: tensors, of a table those of its rows alone.

    Within this context a row-wise optimizer knows the rows, so that whatever wraps it sees tensors only.

    Args:
        optimizer: Any Keras optimizer.
        gradients: As the backend gives them, sparse ones among them.
        variables: One for each gradient.

    Yields:
        A gradient for each variable; unchanged for an ordinary optimizer.
    """
    row_wise = find_row_wise(optimizer)
    if row_wise is None:
        yield list(gradients)
    else:
        with row_wise.holding_rows(gradients, variables) as tensors:
            yield tensors
