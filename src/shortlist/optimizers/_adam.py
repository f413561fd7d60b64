"""Lazy Adam on the rows that a batch used."""

from collections.abc import Sequence
from typing import Any, final

import keras
from keras import ops

from shortlist.optimizers._base import RowWise, Slot
from shortlist.typing import Tensor

__all__ = ["Adam"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class Adam(RowWise):
    """Update the table rows that a batch used by Adam, known as lazy Adam.

    `m <- m + (1 - beta_1) (g - m)`, `v <- v + (1 - beta_2) (g^2 - v)`,
    `w <- w - learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)`, where `t` is the
    number of training steps. Rows that a batch does not use keep their moments and values; Keras' Adam decays
    the moments and moves all rows in each step.

    Args:
        learning_rate: Float, schedule or callable, as in Keras.
        beta_1: Decay rate of the mean gradient `m`.
        beta_2: Decay rate of the mean squared gradient `v`.
        epsilon: Added to the denominator for numerical stability.
        **options: See `RowWise`.

    Raises:
        ArgumentError: If an option would update every row.

    Example:
        >>> import keras, numpy as np
        >>> table = keras.Variable(np.ones((1, 2), "float32"))
        >>> Adam(0.5).apply([np.float32([[3, -4]])], [table])
        >>> keras.ops.convert_to_numpy(table).round(4).tolist()
        [[0.5, 1.5]]

    Reference: Kingma and Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, in the form before
        section 2.1.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        *,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def slots(self) -> Sequence[Slot]:
        return [Slot("momentum"), Slot("velocity")]

    def new_values(
        self, gradient: Tensor, learning_rate: Tensor, value: Tensor, *slots: Tensor
    ) -> Sequence[Tensor]:
        momentum = slots[0] + (1 - self.beta_1) * (gradient - slots[0])
        velocity = slots[1] + (1 - self.beta_2) * (ops.square(gradient) - slots[1])
        step = ops.cast(self.iterations + 1, "float32")
        # Both moments start at zero, so early ones are too small.
        correction = ops.sqrt(1 - ops.power(self.beta_2, step)) / (1 - ops.power(self.beta_1, step))
        rate = learning_rate * ops.cast(correction, gradient.dtype)
        return [value - rate * momentum / (ops.sqrt(velocity) + self.epsilon), momentum, velocity]

    def get_config(self) -> dict[str, Any]:
        config = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **config}
