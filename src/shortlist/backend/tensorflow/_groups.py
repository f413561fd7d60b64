"""Products of vectors with groups of rows of a large table, on TensorFlow."""

from typing import Any

import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["grouped_products"]

_SHARED = 3
"""From this many vectors a group on, one product a group is faster than one a vector (measured, 2 cores)."""

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
    groups, vectors = tf.convert_to_tensor(groups), tf.convert_to_tensor(vectors)
    distinct, _, counts = tf.unique_with_counts(groups)
    is_shared = tf.size(groups) >= _SHARED * tf.maximum(1, tf.size(distinct))
    return tf.cond(
        is_shared,
        lambda: _one_product_a_group(table, distinct, counts, vectors),
        lambda: _one_product_a_vector(table, groups, vectors),
    )


def _one_product_a_group(table: Any, distinct: Tensor, counts: Tensor, vectors: Tensor) -> Tensor:
    ends = tf.cumsum(counts)

    def products(number: Tensor) -> Tensor:
        own = vectors[ends[number] - counts[number] : ends[number]]
        flat = tf.reshape(own, [-1, own.shape[2]])
        scores = tf.matmul(flat, _floats(tf.gather(table, distinct[number])), transpose_b=True)
        return tf.reduce_max(tf.reshape(scores, [-1, own.shape[1], table.shape[1]]), axis=1)

    return _joined(products, tf.size(distinct), table.shape[1])


def _one_product_a_vector(table: Any, groups: Tensor, vectors: Tensor) -> Tensor:
    def products(number: Tensor) -> Tensor:
        part = slice(number * _AT_ONCE, (number + 1) * _AT_ONCE)
        scores = tf.matmul(_floats(tf.gather(table, groups[part])), vectors[part], transpose_b=True)
        return scores[:, :, 0] if vectors.shape[1] == 1 else tf.reduce_max(scores, axis=2)

    return _joined(products, (tf.size(groups) + _AT_ONCE - 1) // _AT_ONCE, table.shape[1])


def _joined(products: Any, number: Tensor, size: int) -> Tensor:
    """`[n, size]`, what a function gives for 0, 1, ..., one after another."""
    number = tf.maximum(number, 1)  # of nothing too, for the shape
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
