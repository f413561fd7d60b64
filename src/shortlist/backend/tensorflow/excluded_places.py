"""Scores of candidates that queries leave out, on TensorFlow: a list of them, without the padding."""

import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["ExcludedPlaces"]


class ExcludedPlaces:
    """Candidates that queries leave out, each once a query, however often it is named.

    Args:
        columns: `[num_rows, num_excluded]`, int32, numbers of candidates; negative is padding.
    """

    def __init__(self, columns: Tensor) -> None:
        self._num_rows = tf.shape(columns, tf.int64)[0]
        places = tf.where(columns >= 0)
        keys = tf.cast(tf.gather_nd(columns, places), tf.int64) * self._num_rows + places[:, 0]
        self._keys = tf.sort(tf.unique(keys)[0])  # by candidate: those of a tile stand together

    def count_above(
        self, scores: Tensor, first: Tensor | int, thresholds: tuple[float, ...]
    ) -> tuple[Tensor, ...]:
        """How many left out candidates of a tile score above each threshold.

        Args:
            scores: `[num_rows, num_columns]`, of the tile.
            first: Number of its first candidate.
            thresholds: Numbers.

        Returns:
            `[num_rows]` for each threshold, float32.
        """
        first = tf.cast(first, tf.int64)
        bounds = tf.stack([first, first + tf.shape(scores, tf.int64)[1]]) * self._num_rows
        start, end = tf.unstack(tf.searchsorted(self._keys, bounds))
        keys = self._keys[start:end]
        rows = keys % self._num_rows
        found = tf.gather_nd(scores, tf.stack([rows, keys // self._num_rows - first], axis=1))
        num_rows = tf.cast(self._num_rows, tf.int32)
        return tuple(
            tf.math.unsorted_segment_sum(tf.cast(found > threshold, tf.float32), rows, num_rows)
            for threshold in thresholds
        )
