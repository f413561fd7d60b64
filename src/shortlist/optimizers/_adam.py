"""Row-wise updates by Adam."""

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
    """Adam on the rows that a batch used: lazy Adam.

    `m <- m + (1 - beta_1) (g - m)`, `v <- v + (1 - beta_2) (g^2 - v)`,
    `w <- w - learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)`, where `t` counts
    the steps of training. The moments of a row rest while it is not used, where Keras' Adam lets them decay
    and moves the row on by what is left of them, all rows at each step.

    Args:
        learning_rate: A float, a schedule or a function, as in Keras.
        beta_1: What is kept of the mean gradient `m` in a step.
        beta_2: What is kept of the mean squared gradient `v` in a step.
        epsilon: Keeps the divisor from zero.
        **options: As in `RowWise`.

    Raises:
        ArgumentError: An option changes every row.

    Example:
        >>> import keras, numpy as np
        >>> table = keras.Variable(np.ones((1, 2), "float32"))
        >>> Adam(0.5).apply([np.float32([[3, -4]])], [table])
        >>> keras.ops.convert_to_numpy(table).round(4).tolist()
        [[0.5, 1.5]]

    Source: Kingma and Ba, Adam: A Method for Stochastic Optimization, 2014, in the form before its section
        2.1.
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
        """The two moments."""
        return [Slot("momentum"), Slot("velocity")]

    def new_values(
        self, gradient: Tensor, learning_rate: Tensor, value: Tensor, *slots: Tensor
    ) -> Sequence[Tensor]:
        """The formula; see `RowWise.new_values`."""
        momentum = slots[0] + (1 - self.beta_1) * (gradient - slots[0])
        velocity = slots[1] + (1 - self.beta_2) * (ops.square(gradient) - slots[1])
        rate = learning_rate * self._bias_correction(gradient.dtype)
        return [value - rate * momentum / (ops.sqrt(velocity) + self.epsilon), momentum, velocity]

    def _bias_correction(self, dtype: Any) -> Tensor:
        """Both moments start from zero, so early ones are too small."""
        step = ops.cast(self.iterations + 1, "float32")
        correction = ops.sqrt(1 - ops.power(self.beta_2, step)) / (1 - ops.power(self.beta_1, step))
        return ops.cast(correction, dtype)

    def get_config(self) -> dict[str, Any]:
        """What makes the optimizer again.

        Returns:
            The constructor's arguments.
        """
        config = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **config}
