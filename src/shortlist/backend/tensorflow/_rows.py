"""Rows of tables in TensorFlow: gathered, updated in place, deduplicated."""

import math
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from keras import ops

from shortlist.backend._hashing import hash_multipliers
from shortlist.backend._keras_private import in_stateless_scope, raw_value
from shortlist.backend.interface import UniqueRows
from shortlist.errors import BackendError, must
from shortlist.typing import Tensor

__all__ = ["deduplicate_rows", "gather_rows", "lookup", "scatter_add", "scatter_rows", "unique_rows"]


def lookup(variable: Any, rows: Tensor) -> Tensor:
    if isinstance(rows, tf.RaggedTensor | tf.SparseTensor):
        return ops.take(raw_value(variable), rows, axis=0)
    return tf.gather(raw_value(variable), rows)  # of a tf.Variable, reads these rows alone


def gather_rows(variable: Any, rows: Tensor) -> Tensor:
    return tf.gather(raw_value(variable), rows)


def scatter_rows(variable: Any, rows: Tensor, values: Tensor) -> None:
    value = raw_value(variable)
    if in_stateless_scope():  # which records `assign`, not updates in place
        variable.assign(tf.tensor_scatter_nd_update(value, tf.expand_dims(rows, 1), values))
    else:
        value.scatter_update(tf.IndexedSlices(values, rows))


def scatter_add(variable: Any, rows: Tensor, values: Tensor) -> None:
    values = tf.cast(values, variable.dtype)
    if in_stateless_scope():  # which records `assign`, not updates in place
        variable.assign(tf.tensor_scatter_nd_add(variable.value, tf.expand_dims(rows, 1), values))
    else:
        variable.value.scatter_add(tf.IndexedSlices(values, rows))


def deduplicate_rows(gradient: Any) -> tuple[Tensor, Tensor] | None:
    if not isinstance(gradient, tf.IndexedSlices):
        return None
    num_replicas = tf.distribute.get_strategy().num_replicas_in_sync
    if num_replicas > 1:  # each would update its own rows
        fix = "Train on one replica, or with an optimizer of keras.optimizers"
        raise BackendError(
            must("a row-wise optimizer", "run on one replica", got=f"{num_replicas} replicas", fix=fix)
        )
    rows, codes = tf.unique(gradient.indices)
    return rows, tf.math.unsorted_segment_sum(gradient.values, codes, tf.size(rows))


def unique_rows(parts: Sequence[Tensor]) -> UniqueRows:
    num_rows = tf.shape(parts[0])[0]
    bits = tf.concat([_bits(part) for part in parts], axis=1)
    factors = tf.constant(hash_multipliers(bits.shape[1]).view("int64"))
    hashes, codes = tf.unique(tf.reduce_sum(tf.cast(bits, tf.int64) * factors, axis=1))
    first = tf.math.unsorted_segment_min(tf.range(num_rows), codes, tf.size(hashes))
    # If unequal rows have one hash, treat all rows as distinct.
    are_equal = tf.reduce_all(tf.gather(bits, tf.gather(first, codes)) == bits)
    first, codes = tf.cond(are_equal, lambda: (first, codes), lambda: (tf.range(num_rows),) * 2)
    return UniqueRows(tf.ensure_shape(first, [None]), tf.ensure_shape(codes, parts[0].shape[:1]))


def _bits(part: Tensor) -> Tensor:
    flat = tf.reshape(part, (tf.shape(part)[0], math.prod(part.shape[1:])))
    return tf.bitcast(flat, tf.int32)
