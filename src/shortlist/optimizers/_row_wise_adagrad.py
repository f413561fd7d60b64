"""Adagrad with one accumulator per row, on the rows that a batch used."""

from collections.abc import Sequence
from typing import final

import keras
from keras import ops

from shortlist.optimizers._accumulating import Accumulating
from shortlist.optimizers._base import Slot
from shortlist.typing import Tensor

__all__ = ["RowWiseAdagrad"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class RowWiseAdagrad(Accumulating):
    """Update the table rows that a batch used by Adagrad with one accumulator per row.

    `a[r] <- a[r] + mean_j g[r, j]^2`, `w[r, j] <- w[r, j] - learning_rate * g[r, j] / sqrt(a[r] + epsilon)`.
    Compared with `Adagrad`, its state takes `[num_rows, 1]` instead of `[num_rows, dim]`. A row is an index
    of the first axis of any variable, such as an input of a dense kernel.

    Args:
        learning_rate: Float, schedule or callable, as in Keras.
        initial_accumulator_value: Initial value of `a`.
        epsilon: Added under the root for numerical stability.
        **options: See `RowWise`.

    Raises:
        ArgumentError: If an option would update every row.

    Example:
        >>> import keras, numpy as np
        >>> table = keras.Variable(np.ones((2, 2), "float32"))
        >>> RowWiseAdagrad(0.5, initial_accumulator_value=0.0).apply([np.float32([[0, 0], [3, 3]])], [table])
        >>> keras.ops.convert_to_numpy(table).round(4).tolist()
        [[1.0, 1.0], [0.5, 0.5]]

    Reference: Gupta et al., "Training Recommender Systems at Scale: Communication-Efficient Model and Data
        Parallelism", KDD 2021.
    """

    def slots(self) -> Sequence[Slot]:
        return [Slot("accumulator", self.initial_accumulator_value, is_per_row=True)]

    def squares(self, gradient: Tensor) -> Tensor:
        squares = ops.square(gradient)
        axes = tuple(range(1, len(squares.shape)))
        return ops.mean(squares, axis=axes, keepdims=True) if axes else squares
