"""Row-wise updates by Adagrad, with an accumulator for each number."""

from collections.abc import Sequence
from typing import final

import keras
from keras import ops

from shortlist.optimizers._accumulating import Accumulating
from shortlist.optimizers._base import Slot
from shortlist.typing import Tensor

__all__ = ["Adagrad"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Adagrad(Accumulating):
    """Adagrad on the rows that a batch used.

    `a <- a + g^2`, `w <- w - learning_rate * g / sqrt(a + epsilon)`. Where the gradient is zero Adagrad
    changes nothing, so this is Keras' Adagrad, at the cost of the rows used.

    Args:
        learning_rate: A float, a schedule or a function, as in Keras.
        initial_accumulator_value: Of each accumulator `a`.
        epsilon: Keeps the root from zero.
        **options: As in `RowWise`.

    Raises:
        ArgumentError: An option changes every row.

    Example:
        >>> import keras, numpy as np
        >>> table = keras.Variable(np.ones((2, 1), "float32"))
        >>> Adagrad(0.5, initial_accumulator_value=0.0).apply([np.float32([[0], [3]])], [table])
        >>> keras.ops.convert_to_numpy(table).round(4).tolist()
        [[1.0], [0.5]]

    Source: Duchi, Hazan and Singer, Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization, 2011.
    """

    def slots(self) -> Sequence[Slot]:
        """The sum of the squared gradients."""
        return [Slot("accumulator", self.initial_accumulator_value)]

    def squares(self, gradient: Tensor) -> Tensor:
        """`g^2`; see `Accumulating.squares`."""
        return ops.square(gradient)
