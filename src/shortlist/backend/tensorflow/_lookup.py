"""`Vocabulary.rows` in a TensorFlow graph."""

from typing import final

import numpy as np
import tensorflow as tf

from shortlist.errors import FeatureError, must
from shortlist.typing import Tensor

__all__ = ["RowsGraphEncoder"]


@final
class RowsGraphEncoder(tf.Module):
    """Map ids to rows of a vocabulary by a hash table of core operators; unknown ids have row 0.

    The table is created outside the current graph, so one made while a function is traced works in every
    other graph. An exported object must hold this module as an attribute.

    Args:
        known_ids: `[n]`, distinct int64 ids, or an object array of `str` or `bytes`. Their rows are 1 to n.

    Example:
        >>> RowsGraphEncoder(np.array(["a", "b"], dtype=object))(tf.constant(["b", "?"])).numpy()
        array([2, 0], dtype=int32)
    """

    def __init__(self, known_ids: np.ndarray) -> None:
        super().__init__()
        self.key_dtype = tf.string if known_ids.dtype == object else tf.int64
        with tf.init_scope():
            keys = tf.constant(known_ids, dtype=self.key_dtype)
            rows = tf.range(1, len(known_ids) + 1, dtype=tf.int32)
            self._table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, rows), 0)

    def __call__(self, ids: Tensor) -> Tensor:
        """Return int32 rows in the shape of `ids`.

        Args:
            ids: Any shape or ragged; text for a vocabulary of `str` or `bytes`, else integers.

        Raises:
            FeatureError: If the ids are of another type, or uint64.
        """
        return self._table.lookup(self._as_keys(ids))

    def _as_keys(self, ids: Tensor) -> Tensor:
        if self.key_dtype == tf.int64 and ids.dtype.is_integer and ids.dtype != tf.uint64:
            return tf.cast(ids, tf.int64)
        if ids.dtype != self.key_dtype:
            requirement = f"be {self.key_dtype.name}, as in the vocabulary"
            fix = "Convert them, or fit the vocabulary to ids of this type"
            raise FeatureError(must("ids", requirement, got=ids.dtype.name, fix=fix))
        return ids
