"""Rows that stand several times in a batch, found by a hash and compared bit by bit; on TensorFlow."""

import math
from collections.abc import Sequence

import tensorflow as tf

from shortlist.backend._unique_rows import UniqueRows, hash_multipliers
from shortlist.typing import Tensor

__all__ = ["UniqueRows", "unique_rows"]


def unique_rows(parts: Sequence[Tensor]) -> UniqueRows:
    """The distinct rows of a batch: two are one when all their parts are equal, bit by bit.

    Args:
        parts: `[n, ...]` each, float32 or int32, side by side.

    Returns:
        Where each distinct row stands, and which one each row is.
    """
    num_rows = tf.shape(parts[0])[0]
    bits = tf.concat([_bits(part) for part in parts], axis=1)
    factors = tf.constant(hash_multipliers(bits.shape[1]).view("int64"))
    hashes, codes = tf.unique(tf.reduce_sum(tf.cast(bits, tf.int64) * factors, axis=1))
    first = tf.math.unsorted_segment_min(tf.range(num_rows), codes, tf.size(hashes))
    are_equal = tf.reduce_all(tf.gather(bits, tf.gather(first, codes)) == bits)
    first, codes = tf.cond(are_equal, lambda: (first, codes), lambda: (tf.range(num_rows),) * 2)
    return UniqueRows(tf.ensure_shape(first, [None]), tf.ensure_shape(codes, parts[0].shape[:1]))


def _bits(part: Tensor) -> Tensor:
    """`[n, w]`, int32."""
    flat = tf.reshape(part, (tf.shape(part)[0], math.prod(part.shape[1:])))
    return tf.bitcast(flat, tf.int32)
