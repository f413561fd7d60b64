"""Ids as TensorFlow tensors of text or int64."""

from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.backend._ids import check_distinct
from shortlist.typing import Tensor

__all__ = ["IdLookup", "check_ids", "factorize", "id_tensor", "is_padding"]


def check_ids(name: str, ids: Any) -> None:
    del name, ids  # tensors hold text and 64 bits


def id_tensor(ids: np.ndarray) -> Tensor:
    return tf.constant(ids.tolist(), dtype=tf.string if ids.dtype == object else tf.int64)


def factorize(ids: Tensor) -> Tensor:
    return tf.unique(tf.reshape(ids, (-1,))).idx


def is_padding(ids: Tensor) -> Tensor:
    ids = tf.convert_to_tensor(ids)
    return tf.equal(ids, tf.constant("" if ids.dtype == tf.string else -1, ids.dtype))


class IdLookup:
    def __init__(self, ids: np.ndarray) -> None:
        check_distinct(ids)
        rows = tf.range(len(ids), dtype=tf.int64)
        initializer = tf.lookup.KeyValueTensorInitializer(id_tensor(ids), rows)
        self._table = tf.lookup.StaticHashTable(initializer, default_value=-1)

    def rows(self, ids: Tensor) -> Tensor:
        ids = tf.convert_to_tensor(ids)
        if self._table.key_dtype == tf.int64 and ids.dtype != tf.string:
            ids = tf.cast(ids, tf.int64)
        return tf.cast(self._table.lookup(ids), tf.int32)
