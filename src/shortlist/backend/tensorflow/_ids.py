"""Ids in a TensorFlow graph: compared, and turned into rows."""

from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.errors import ArgumentError
from shortlist.typing import Tensor

__all__ = ["IdLookup", "check_ids", "factorize", "id_tensor", "is_padding"]


def check_ids(name: str, ids: Any) -> None:
    """Refuse ids in host memory that a tensor would cut short; here, none.

    Args:
        name: What to call them in the error.
        ids: Anything.
    """
    del name, ids  # tensors here hold 64 bits, and TensorFlow's text as well


def factorize(ids: Tensor) -> Tensor:
    """Small integers that are equal exactly where the ids are.

    Args:
        ids: `[n]` or `[n, 1]`, text or integers.

    Returns:
        `[n]`, int32, in `[0, n)`.
    """
    return tf.unique(tf.reshape(ids, (-1,))).idx


def id_tensor(ids: np.ndarray) -> Tensor:
    """Ids as a tensor.

    Args:
        ids: `[n]`, text or integers.

    Returns:
        `[n]`.
    """
    return tf.constant(ids.tolist(), dtype=tf.string if ids.dtype == object else tf.int64)


def is_padding(ids: Tensor) -> Tensor:
    """Which entries stand for no id: empty text and -1.

    Args:
        ids: Any shape, text or integers.

    Returns:
        The same shape, bool.
    """
    ids = tf.convert_to_tensor(ids)
    return tf.equal(ids, tf.constant("" if ids.dtype == tf.string else -1, ids.dtype))


class IdLookup:
    """Finds the rows of ids inside a graph.

    Args:
        ids: `[num_rows]`, distinct ids: an object array of str or bytes, or int64.

    Raises:
        ArgumentError: When an id stands twice.
    """

    def __init__(self, ids: np.ndarray) -> None:
        keys = tf.constant(ids.tolist(), dtype=tf.string if ids.dtype == object else tf.int64)
        if len(set(ids.tolist())) != len(ids):
            raise ArgumentError(
                "candidate ids must be distinct; an id that stands twice has no row of its own."
            )
        rows = tf.range(len(ids), dtype=tf.int64)
        initializer = tf.lookup.KeyValueTensorInitializer(keys, rows)
        self._table = tf.lookup.StaticHashTable(initializer, default_value=-1)

    def rows(self, ids: Tensor) -> Tensor:
        """The row of each id, -1 where it is unknown.

        Args:
            ids: Any shape, of the kind of the known ids.

        Returns:
            The same shape, int32.
        """
        ids = tf.convert_to_tensor(ids)
        if self._table.key_dtype == tf.int64 and ids.dtype != tf.string:
            ids = tf.cast(ids, tf.int64)
        return tf.cast(self._table.lookup(ids), tf.int32)
