"""The ids of candidates in a graph."""

from typing import final

import numpy as np
import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["CandidateIds"]


@final
class CandidateIds(tf.Module):
    """Rows to ids and ids to rows.

    Both ways are kept in variables and tables, whose content is saved beside the graph: within, a graph may
    not be larger than 2 GB, and is read as a whole.

    Args:
        ids: `[num_candidates]`, distinct: int64, or object holding `str` or `bytes`.

    Example:
        >>> ids = CandidateIds(np.array(["Heat", "Alien"], dtype=object))
        >>> ids.rows(tf.constant(["Alien", "?"])).numpy()
        array([ 1, -1], dtype=int32)
        >>> ids.of_rows(tf.constant([1, -1])).numpy()
        array([b'Alien', b''], dtype=object)
    """

    def __init__(self, ids: np.ndarray) -> None:
        super().__init__()
        self.dtype = tf.string if ids.dtype == object else tf.int64
        with tf.device("CPU"):  # no other device holds text
            keys = tf.constant(ids, self.dtype)
            padding = tf.constant([""] if self.dtype == tf.string else [-1], self.dtype)
            self._ids = tf.Variable(tf.concat([keys, padding], axis=0), trainable=False, name="ids")
            self._rows = tf.lookup.experimental.MutableHashTable(self.dtype, tf.int32, default_value=-1)
            self._rows.insert(keys, tf.range(len(ids)))

    def rows(self, ids: Tensor) -> Tensor:
        """The row of each id.

        Args:
            ids: Of any shape.

        Returns:
            int32, of the same shape; -1 for unknown ids.
        """
        return tf.ensure_shape(self._rows.lookup(ids), ids.shape)  # which a lookup forgets in a graph

    def of_rows(self, rows: Tensor) -> Tensor:
        """The id of each row.

        Args:
            rows: int32, of any shape; -1 for none.

        Returns:
            Ids of the same shape; empty text or -1 for none.
        """
        return tf.gather(self._ids, tf.where(rows < 0, tf.shape(self._ids)[0] - 1, rows))
