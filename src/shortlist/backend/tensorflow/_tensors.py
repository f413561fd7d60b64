"""Compilation, host arrays and operations on tensors in TensorFlow."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.typing import Tensor

__all__ = [
    "assemble_table",
    "compiled",
    "count_beyond_margin",
    "exp_in_place",
    "grouped_products",
    "host_array",
    "host_callback",
    "is_symbolic",
    "is_tracing",
    "subtract_in_place",
    "top_k",
]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return tf.function(function, autograph=False, reduce_retracing=True)  # one graph for all batch sizes


def is_tracing() -> bool:
    return not tf.executing_eagerly()


def is_symbolic(value: Any) -> bool:
    if isinstance(value, np.ndarray):  # tf.is_tensor is slow on arrays
        return False
    return tf.is_tensor(value) and not hasattr(value, "numpy")


def host_callback(
    function: Callable[..., np.ndarray],
    arguments: Tensor | tuple[Tensor, ...],
    shape: tuple[Any, ...],
    dtype: str = "float32",
) -> Tensor:
    inputs = list(arguments) if isinstance(arguments, tuple) else [arguments]
    result = tf.numpy_function(function, inputs, tf.as_dtype(dtype), stateful=False)
    return tf.ensure_shape(result, shape)


def host_array(table: Any) -> np.ndarray:
    array = np.asarray(table).view()
    array.flags.writeable = False
    return array


def assemble_table(parts: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str) -> Tensor:
    # A constant made of an array takes its memory three times, and assigning to a variable twice.
    table, first = tf.raw_ops.Empty(shape=shape, dtype=dtype, init=True), 0
    for part in parts:
        rows = np.arange(first, first + len(part), dtype="int32")
        table = tf.raw_ops.InplaceUpdate(x=table, i=rows, v=part)
        first += len(part)
    return table


def exp_in_place(values: Tensor) -> Tensor:
    return tf.exp(values)


def subtract_in_place(values: Tensor, amount: Tensor) -> Tensor:
    return values - amount


def count_beyond_margin(leads: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    # Quantize to -step, 0 and step, whose borders lie at -margin and margin. The sum of a row is then
    # above - below and its squared norm above + below: fewer passes than two comparisons.
    step = 2 * margin
    levels = tf.quantization.fake_quant_with_min_max_args(leads, -step, step, num_bits=2, narrow_range=True)
    difference = tf.reduce_sum(levels, axis=1) / step
    number = tf.round(tf.square(tf.raw_ops.EuclideanNorm(input=levels, axis=[1]) / step))
    return (number + difference) / 2, (number - difference) / 2


def top_k(scores: Tensor, k: Tensor | int) -> tuple[Tensor, Tensor]:
    return tf.math.top_k(scores, k)


_VECTORS_PER_GROUP = 3  # from here on one product per group is faster than one per vector (2 cores)
_VECTORS_AT_ONCE = 16  # gathering more groups at once leaves the cache


def grouped_products(table: Any, groups: Tensor, vectors: Tensor) -> Tensor:
    groups, vectors = tf.convert_to_tensor(groups), tf.convert_to_tensor(vectors)
    distinct, _, counts = tf.unique_with_counts(groups)
    ends = tf.cumsum(counts)
    size = table.shape[1]

    def of_group(number: Tensor) -> Tensor:
        own = vectors[ends[number] - counts[number] : ends[number]]
        flat = tf.reshape(own, [-1, own.shape[2]])
        scores = tf.matmul(flat, _floats(tf.gather(table, distinct[number])), transpose_b=True)
        return tf.reduce_max(tf.reshape(scores, [-1, own.shape[1], size]), axis=1)

    def of_vectors(number: Tensor) -> Tensor:
        part = slice(number * _VECTORS_AT_ONCE, (number + 1) * _VECTORS_AT_ONCE)
        scores = tf.matmul(_floats(tf.gather(table, groups[part])), vectors[part], transpose_b=True)
        return scores[:, :, 0] if vectors.shape[1] == 1 else tf.reduce_max(scores, axis=2)

    return tf.cond(
        tf.size(groups) >= _VECTORS_PER_GROUP * tf.maximum(1, tf.size(distinct)),
        lambda: _concatenated(of_group, tf.size(distinct), size),
        lambda: _concatenated(of_vectors, (tf.size(groups) + _VECTORS_AT_ONCE - 1) // _VECTORS_AT_ONCE, size),
    )


def _concatenated(products: Callable[[Tensor], Tensor], number: Tensor, size: int) -> Tensor:
    number = tf.maximum(number, 1)  # one empty part for no vectors, which gives the result its shape
    parts = tf.TensorArray("float32", number, infer_shape=False, element_shape=[None, size])
    _, parts = tf.while_loop(
        lambda i, _: i < number,
        lambda i, parts: (i + 1, parts.write(i, products(i))),
        (0, parts),
        parallel_iterations=1,
    )
    return tf.ensure_shape(parts.concat(), [None, size])


def _floats(values: Tensor) -> Tensor:
    return values if values.dtype == tf.float32 else tf.cast(values, tf.float32)
