"""`Vocabulary.rows` in a TensorFlow graph."""

from typing import final

import numpy as np
import tensorflow as tf

from shortlist.errors import FeatureError
from shortlist.typing import Tensor

__all__ = ["RowsGraphEncoder"]


@final
class RowsGraphEncoder(tf.Module):
    """The row of each id; 0 for unknown ones.

    A hash table of core operations. It is made outside of whatever graph is being built, so that one made
    while a function is traced works in every other; whoever is to be exported must hold it as an attribute.

    Args:
        known_ids: `[n]`, distinct: int64, or object holding `str` or `bytes`. Their rows are 1 to n.

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
        """The rows of ids.

        Args:
            ids: Of any shape, or ragged; text for `str` and `bytes`, integers else.

        Returns:
            int32, of the shape of `ids`.

        Raises:
            FeatureError: The ids are of another type, or of one that int64 does not hold.
        """
        return self._table.lookup(self._as_keys(ids))

    def _as_keys(self, ids: Tensor) -> Tensor:
        if self.key_dtype == tf.int64 and ids.dtype.is_integer and ids.dtype != tf.uint64:
            return tf.cast(ids, tf.int64)
        if ids.dtype != self.key_dtype:
            raise FeatureError(
                f"got ids of {ids.dtype.name}, expected {self.key_dtype.name} as in the vocabulary: "
                "convert them, or learn the vocabulary from ids of this type"
            )
        return ids
