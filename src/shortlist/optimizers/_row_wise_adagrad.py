"""Row-wise updates by Adagrad, with one accumulator a row."""

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
    """Adagrad with one accumulator a row, on the rows that a batch used.

    `a[r] <- a[r] + mean_j g[r, j]^2`, `w[r, j] <- w[r, j] - learning_rate * g[r, j] / sqrt(a[r] + epsilon)`.
    Next to `Adagrad` it saves the memory of a second table: it keeps `[num_rows, 1]` for `[num_rows, dim]`.
    A row is an index of the first axis, of any variable: an input of a dense layer's kernel, a number of its
    bias.

    Args:
        learning_rate: A float, a schedule or a function, as in Keras.
        initial_accumulator_value: Of each accumulator `a`.
        epsilon: Keeps the root from zero.
        **options: As in `RowWise`.

    Raises:
        ArgumentError: An option changes every row.

    Example:
        >>> import keras, numpy as np
        >>> table = keras.Variable(np.ones((2, 2), "float32"))
        >>> RowWiseAdagrad(0.5, initial_accumulator_value=0.0).apply([np.float32([[0, 0], [3, 3]])], [table])
        >>> keras.ops.convert_to_numpy(table).round(4).tolist()
        [[1.0, 1.0], [0.5, 0.5]]

    Source: Gupta et al., Training Recommender Systems at Scale: Communication-Efficient Model and Data
        Parallelism, 2020.
    """

    def slots(self) -> Sequence[Slot]:
        """The sum over steps of a row's mean squared gradient."""
        return [Slot("accumulator", self.initial_accumulator_value, is_per_row=True)]

    def squares(self, gradient: Tensor) -> Tensor:
        """The mean of `g^2` over the row; see `Accumulating.squares`."""
        squares = ops.square(gradient)
        axes = tuple(range(1, len(squares.shape)))
        return ops.mean(squares, axis=axes, keepdims=True) if axes else squares
