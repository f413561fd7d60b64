"""Work on many rows in pieces that fit a cache, on TensorFlow."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["add_at_rows", "any_by_code", "over_chunks"]


def over_chunks(step: Callable[..., Any], carry: Any, rows: dict[str, Tensor], size: Tensor | int) -> Any:
    """Work through rows a chunk at a time.

    Args:
        step: Takes the carry, a chunk of the rows by name and the number of its first row; returns the next
            carry and an output of as many rows.
        carry: A tuple of tensors.
        rows: By name, `[num_rows, ...]`.
        size: Rows a chunk; the last one may be smaller.

    Returns:
        The last carry, and the outputs one after another, `[num_rows, ...]`.
    """
    num_rows = tf.shape(next(iter(rows.values())))[0]
    num_chunks = (num_rows + size - 1) // size
    outputs = tf.TensorArray(tf.float32, size=num_chunks, infer_shape=False)

    def body(number: Tensor, carry: Any, outputs: tf.TensorArray) -> Any:
        first = number * size
        carry, output = step(carry, {name: part[first : first + size] for name, part in rows.items()}, first)
        return number + 1, carry, outputs.write(number, output)

    _, carry, outputs = tf.while_loop(
        lambda number, *_: number < num_chunks, body, (0, carry, outputs), parallel_iterations=1
    )
    return carry, outputs.concat()


def any_by_code(flags: Tensor, codes: Tensor, asked: Tensor) -> Tensor:
    """For each column of flags, whether one is set among the rows of a code.

    `answer[c, j] = any_r (flags[r, c] and codes[r] == asked[j])`

    Args:
        flags: `[num_rows, num_columns]`, bool.
        codes: `[num_rows]`, int32, in `[0, num_asked)`.
        asked: `[num_asked]`, int32, in `[0, num_asked)`.

    Returns:
        `[num_columns, num_asked]`, bool.
    """
    counts = tf.math.unsorted_segment_sum(tf.cast(flags, tf.float32), codes, tf.shape(asked)[0])
    return tf.transpose(tf.gather(counts > 0, asked))


def add_at_rows(matrix: Tensor, rows: Tensor, values: Tensor) -> Tensor:
    """A matrix with `values[i]` added to row `rows[i]`.

    Args:
        matrix: `[num_rows, dim]`.
        rows: `[n]`, int32, distinct.
        values: `[n, dim]`.

    Returns:
        `[num_rows, dim]`.
    """
    return tf.tensor_scatter_nd_add(matrix, tf.expand_dims(rows, 1), values)
