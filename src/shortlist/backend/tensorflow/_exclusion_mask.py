"""Places that queries leave out, on TensorFlow: a list of them, without the padding."""

import math

import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["ExclusionMask"]


class ExclusionMask:
    """The places of scores of candidates that queries leave out.

    Args:
        columns: `[num_rows, num_excluded]`, int32, numbers of candidates, as often as one likes; negative is
            padding.
    """

    def __init__(self, columns: Tensor) -> None:
        slots = tf.where(columns >= 0)
        self._rows, self._columns = tf.cast(slots[:, 0], tf.int32), tf.gather_nd(columns, slots)

    def fill(self, tile: Tensor, first: Tensor | int) -> Tensor:
        """Scores with minus infinity at every place that is left out.

        Args:
            tile: `[num_rows, num_columns]`, scores of consecutive candidates.
            first: Number of the first one.

        Returns:
            The same shape.
        """
        columns = self._columns - first
        is_here = tf.logical_and(columns >= 0, columns < tf.shape(tile)[1])
        here = tf.where(is_here)[:, 0]
        slots = tf.stack([tf.gather(self._rows, here), tf.gather(columns, here)], axis=1)
        return tf.tensor_scatter_nd_update(tile, slots, tf.fill(tf.shape(here), -math.inf))
