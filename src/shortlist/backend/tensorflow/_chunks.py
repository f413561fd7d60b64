"""Work on many rows in pieces that fit a cache, on TensorFlow."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["scan_chunks"]


def scan_chunks(
    step: Callable[..., Any],
    carry: Any,
    rows: dict[str, Tensor],
    size: Tensor | int,
    dtypes: tuple[str, ...] = ("float32",),
    num_rows: Tensor | int | None = None,
) -> tuple[Any, tuple[Tensor, ...]]:
    """Work through rows a chunk at a time.

    Args:
        step: Takes the carry, a chunk of the rows by name and the number of its first row; returns the next
            carry and a tuple of outputs of as many rows.
        carry: A tuple of tensors.
        rows: By name, `[num_rows, ...]`.
        size: Rows a chunk; the last one may be smaller.
        dtypes: Of the outputs.
        num_rows: How many of the rows, from the first, are worked through; all when None.

    Returns:
        The last carry, and each output, one chunk after another, `[num_rows, ...]`.
    """
    num_rows = tf.shape(next(iter(rows.values())))[0] if num_rows is None else num_rows
    num_chunks = tf.maximum(1, (num_rows + size - 1) // size)  # of no rows too, for the outputs' shapes
    outputs = tuple(tf.TensorArray(dtype, num_chunks, infer_shape=False) for dtype in dtypes)

    shapes: list[tf.TensorShape] = []

    def body(number: Tensor, carry: Any, outputs: Any) -> Any:
        first = number * size
        carry, parts = step(
            carry,
            {name: part[first : tf.minimum(first + size, num_rows)] for name, part in rows.items()},
            first,
        )
        shapes[:] = [part.shape[1:] for part in parts]
        written = (array.write(number, part) for array, part in zip(outputs, parts, strict=True))
        return number + 1, carry, tuple(written)

    _, carry, outputs = tf.while_loop(
        lambda number, *_: number < num_chunks, body, (0, carry, outputs), parallel_iterations=1
    )
    return carry, tuple(_joined(array, shape) for array, shape in zip(outputs, shapes, strict=True))


def _joined(outputs: tf.TensorArray, shape: tf.TensorShape) -> Tensor:
    """The chunks one after another; an array of chunks of two sizes forgets their shape."""
    return tf.ensure_shape(outputs.concat(), [None, *shape])
