"""How often each candidate comes up in training, counted while training."""

from typing import Any

import keras
from keras import ops

from shortlist import backend
from shortlist.ops import log_frequency
from shortlist.typing import Tensor

__all__ = ["StreamingFrequency"]

_CARRY = 2**30


@keras.saving.register_keras_serializable(package="shortlist")
class StreamingFrequency(keras.layers.Layer):
    """A running count of candidates that gives the log probability of each to come up as a negative.

    After each training batch, `log q[row] = log(count of the row so far / count of all rows so far)`, the
    batch itself included, so that a row of the batch has always been counted. In the first epoch the estimate
    is made from what was seen so far; from the second on it is the share in the training data.

    Args:
        num_rows: Number of distinct candidates: the rows are `0 .. num_rows - 1`, as `Vocabulary.num_rows`
            counts them.

    Example:
        >>> import numpy as np
        >>> frequency = StreamingFrequency(num_rows=3)
        >>> log_q = frequency(np.int32([0, 0, 2, 0]), training=True)
        >>> [round(float(np.exp(float(value))), 4) for value in log_q]
        [0.75, 0.75, 0.25, 0.75]

    Source: the use in logQ is that of Yi et al., Sampling-Bias-Corrected Neural Modeling, 2019; they estimate
        the gap
    between two occurrences by a moving average, here the occurrences are counted.
    """

    def __init__(self, num_rows: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_rows = num_rows

    def build(self, rows_shape: tuple[int | None, ...]) -> None:
        """Make the counters.

        Args:
            rows_shape: Shape of the rows, `[n]`.
        """
        # Whole numbers, since float32 stands still at 2^24 when ones are added.
        self.counts = self._counter((self.num_rows,), "counts")
        self.total = self._counter((), "total")
        self.carried = self._counter((), "carried")

    def _counter(self, shape: tuple[int, ...], name: str) -> keras.Variable:
        return self.add_weight(shape=shape, initializer="zeros", trainable=False, dtype="int32", name=name)

    def call(self, rows: Tensor, training: bool | None = None) -> Tensor:
        """Count the rows when training, and give their log probabilities.

        Args:
            rows: `[n]`, int, rows of candidates.
            training: Whether to count.

        Returns:
            `[n]`, float32, natural logarithms.
        """
        if training:
            backend.scatter_add(self.counts, rows, ops.ones_like(rows, dtype="int32"))
            self._count(ops.cast(ops.size(rows), "int32"))
        counts = ops.cast(ops.take(self.counts, rows), "float32")
        total = _CARRY * ops.cast(self.carried, "float32") + ops.cast(self.total, "float32")
        return log_frequency(counts, total)

    def _count(self, number: Tensor) -> None:
        """Add to the total, which is carried over before it leaves 32 bits."""
        total = ops.convert_to_tensor(self.total) + number
        carry = total // _CARRY
        self.carried.assign_add(carry)
        self.total.assign(total - carry * _CARRY)

    def compute_output_shape(self, rows_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """One log probability a row.

        Args:
            rows_shape: Shape of the rows.

        Returns:
            The same shape.
        """
        return rows_shape

    def get_config(self) -> dict[str, Any]:
        """What makes the layer again.

        Returns:
            The constructor's arguments.
        """
        return {**super().get_config(), "num_rows": self.num_rows}
