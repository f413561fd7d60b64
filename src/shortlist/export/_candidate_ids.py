"""The ids of candidates in a graph."""

from typing import final

import numpy as np
import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["CandidateIds"]


_PLACES_AN_ID = 4
"""Most places of a table of integers, of 4 bytes each, for each id; a hash takes more."""


@final
class CandidateIds(tf.Module):
    """Rows to ids and ids to rows.

    Both ways are kept in variables and tables, whose content is saved next to the graph: within, a graph may
    not be larger than 2 GB, and is read as a whole. Integers that lie close together are looked up by their
    place in a table of all numbers between the least and the largest, other ids by a hash.

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
            self._bounds = None if self.dtype == tf.string else _bounds(ids)
            if self._bounds is None:
                self._rows = tf.lookup.experimental.MutableHashTable(self.dtype, tf.int32, default_value=-1)
                self._rows.insert(keys, tf.range(len(ids)))
            else:
                self._rows = tf.Variable(_by_number(ids, *self._bounds), trainable=False, name="rows")

    def rows(self, ids: Tensor) -> Tensor:
        """The row of each id.

        Args:
            ids: Of any shape.

        Returns:
            int32, of the same shape; -1 for unknown ids.
        """
        if self._bounds is None:
            return tf.ensure_shape(self._rows.lookup(ids), ids.shape)  # which a lookup forgets in a graph
        least, most = self._bounds
        return tf.gather(self._rows, tf.clip_by_value(ids, least, most) - least)

    def of_rows(self, rows: Tensor) -> Tensor:
        """The id of each row.

        Args:
            rows: int32, of any shape; -1 for none.

        Returns:
            Ids of the same shape; empty text or -1 for none.
        """
        return tf.gather(self._ids, tf.where(rows < 0, tf.shape(self._ids)[0] - 1, rows))


def _bounds(ids: np.ndarray) -> tuple[int, int] | None:
    """The numbers below and above all ids; None where these do not lie close together."""
    least, most = int(ids.min()) - 1, int(ids.max()) + 1
    is_compact = most - least <= _PLACES_AN_ID * len(ids) and least >= -(2**63) and most < 2**63
    return (least, most) if is_compact else None


def _by_number(ids: np.ndarray, least: int, most: int) -> np.ndarray:
    """`[most - least + 1]`, int32, the row of each number from `least` to `most`; -1 for what is no id."""
    rows = np.full(most - least + 1, -1, "int32")
    rows[ids - least] = np.arange(len(ids), dtype="int32")
    return rows
