"""Adagrad on the rows that a batch used."""

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
    """Update the table rows that a batch used by Adagrad.

    `a <- a + g^2`, `w <- w - learning_rate * g / sqrt(a + epsilon)`. Adagrad changes nothing where the
    gradient is zero, so this equals Keras' Adagrad at the cost of the used rows.

    Args:
        learning_rate: Float, schedule or callable, as in Keras.
        initial_accumulator_value: Initial value of `a`.
        epsilon: Added under the root for numerical stability.
        **options: See `RowWise`.

    Raises:
        ArgumentError: If an option would update every row.

    Example:
        >>> import keras, numpy as np
        >>> table = keras.Variable(np.ones((2, 1), "float32"))
        >>> Adagrad(0.5, initial_accumulator_value=0.0).apply([np.float32([[0], [3]])], [table])
        >>> keras.ops.convert_to_numpy(table).round(4).tolist()
        [[1.0], [0.5]]

    Reference: Duchi, Hazan and Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
        Optimization", JMLR 2011.
    """

    def slots(self) -> Sequence[Slot]:
        return [Slot("accumulator", self.initial_accumulator_value)]

    def squares(self, gradient: Tensor) -> Tensor:
        return ops.square(gradient)
