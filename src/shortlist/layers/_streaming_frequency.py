"""Streaming estimate of candidate frequencies for the logQ correction."""

from typing import Any

import keras
from keras import ops

from shortlist import backend
from shortlist.ops import log_frequency
from shortlist.typing import Shape, Tensor

__all__ = ["StreamingFrequency"]

_CARRY = 2**30  # counts move to a second counter in steps of this, before int32 overflows


@keras.saving.register_keras_serializable(package="shortlist")
class StreamingFrequency(keras.layers.Layer):
    """Estimate log sampling probabilities from item counts seen during training.

    In-batch negatives are sampled in proportion to item popularity. The logQ correction subtracts
    `log q[i] = log(count[i] / total_count)` from each candidate's logit, which removes that bias.
    Counts include the current batch, so `log q` is always finite. After the first epoch the estimate
    equals the item's share of the training data.

    Args:
        num_rows: Number of candidate rows, usually `vocabulary.num_rows`.

    Example:
        >>> import numpy as np
        >>> log_q = StreamingFrequency(num_rows=3)(np.int32([0, 0, 2, 0]), training=True)
        >>> [round(float(np.exp(float(x))), 2) for x in log_q]
        [0.75, 0.75, 0.25, 0.75]

    Reference: Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations",
        RecSys 2019. They track the gap between occurrences; we count occurrences.
    """

    def __init__(self, num_rows: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.num_rows = num_rows

    def build(self, rows_shape: Shape) -> None:
        # Integers: float32 cannot count past 2**24 in steps of one.
        self.counts = self._counter((self.num_rows,), "counts")
        self.carried_counts = self._counter((self.num_rows,), "carried_counts")
        self.total = self._counter((), "total")
        self.carried_total = self._counter((), "carried_total")

    def _counter(self, shape: Shape, name: str) -> keras.Variable:
        return self.add_weight(shape=shape, initializer="zeros", trainable=False, dtype="int32", name=name)

    def call(self, rows: Tensor, training: bool | None = None, counted: Tensor | None = None) -> Tensor:
        """Return `log q` for `rows` `[n]`, counting those of the mask `counted` first if `training`."""
        if training:
            self._count(
                rows, ops.ones_like(rows, dtype="int32") if counted is None else ops.cast(counted, "int32")
            )
        counts = _as_float(*self._counts(rows))
        total = _as_float(ops.convert_to_tensor(self.total), ops.convert_to_tensor(self.carried_total))
        return log_frequency(counts, total)

    def _count(self, rows: Tensor, ones: Tensor) -> None:
        backend.scatter_add(self.counts, rows, ones)
        counts, carried = self._counts(rows)
        # A row that the batch repeats is written several times, each time with the same value.
        backend.scatter_rows(self.carried_counts, rows, carried + counts // _CARRY)
        backend.scatter_rows(self.counts, rows, counts % _CARRY)
        total = ops.convert_to_tensor(self.total) + ops.sum(ones)
        self.carried_total.assign_add(total // _CARRY)
        self.total.assign(total % _CARRY)

    def _counts(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return backend.gather_rows(self.counts, rows), backend.gather_rows(self.carried_counts, rows)

    def compute_output_shape(self, rows_shape: Shape) -> Shape:
        return rows_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_rows": self.num_rows}


def _as_float(count: Tensor, carried: Tensor) -> Tensor:
    return _CARRY * ops.cast(carried, "float32") + ops.cast(count, "float32")
