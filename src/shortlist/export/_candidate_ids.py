"""Map candidate ids to rows and back in a TensorFlow graph."""

from typing import final

import numpy as np
import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["CandidateIds"]


_SLOTS_PER_ID = 4
"""Largest size of the integer table, in entries of 4 bytes per id; a hash table needs more."""


@final
class CandidateIds(tf.Module):
    """Two-way map between candidate ids and rows.

    Both directions are stored in variables and tables outside of the graph, which is limited to 2 GB. Dense
    integer ids are looked up in an array that spans their range, other ids in a hash table.

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
        with tf.device("CPU"):  # only the CPU holds strings
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
        """Return int32 rows of the same shape as `ids`; -1 for unknown ids."""
        if self._bounds is None:
            return tf.ensure_shape(self._rows.lookup(ids), ids.shape)  # a lookup loses the shape in a graph
        least, most = self._bounds
        return tf.gather(self._rows, tf.clip_by_value(ids, least, most) - least)

    def of_rows(self, rows: Tensor) -> Tensor:
        """Return ids of the same shape as `rows`; empty strings or -1 where a row is -1."""
        return tf.gather(self._ids, tf.where(rows < 0, tf.shape(self._ids)[0] - 1, rows))


def _bounds(ids: np.ndarray) -> tuple[int, int] | None:
    """Return one less than the smallest and one more than the largest id; None unless ids are dense."""
    least, most = int(ids.min()) - 1, int(ids.max()) + 1
    is_compact = most - least <= _SLOTS_PER_ID * len(ids) and least >= -(2**63) and most < 2**63
    return (least, most) if is_compact else None


def _by_number(ids: np.ndarray, least: int, most: int) -> np.ndarray:
    """Return int32 `[most - least + 1]`: the row of each number from `least` to `most`, -1 if it is no id."""
    rows = np.full(most - least + 1, -1, "int32")
    rows[ids - least] = np.arange(len(ids), dtype="int32")
    return rows
