"""Work in chunks on TensorFlow, as a loop in the graph."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from shortlist.backend._chunks import accelerator_chunk_bytes, cpu_chunk_bytes
from shortlist.typing import Tensor

__all__ = ["chunk_bytes", "scan_chunks"]


def chunk_bytes() -> int:
    if not tf.config.list_logical_devices("GPU"):
        return cpu_chunk_bytes()
    return accelerator_chunk_bytes(None)  # TensorFlow tells what is in use, but not the total


def scan_chunks(
    step: Callable[..., Any],
    carry: Any,
    rows: dict[str, Tensor],
    size: Tensor | int,
    dtypes: tuple[str, ...] = ("float32",),
    num_rows: Tensor | int | None = None,
) -> tuple[Any, tuple[Tensor, ...]]:
    num_rows = tf.shape(next(iter(rows.values())))[0] if num_rows is None else num_rows
    num_chunks = tf.maximum(1, (num_rows + size - 1) // size)  # an empty chunk gives outputs their shapes
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
    # An array whose chunks differ in size forgets their shape.
    return carry, tuple(
        tf.ensure_shape(array.concat(), [None, *shape]) for array, shape in zip(outputs, shapes, strict=True)
    )
