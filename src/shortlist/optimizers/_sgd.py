"""Gradient descent on the rows that a batch used."""

from collections.abc import Sequence
from typing import Any, final

import keras

from shortlist.errors import ArgumentError, must
from shortlist.optimizers._base import RowWise, Slot
from shortlist.typing import Tensor

__all__ = ["SGD"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class SGD(RowWise):
    """Update the table rows that a batch used by gradient descent, optionally with momentum.

    `w <- w - learning_rate * g`; with momentum `m <- momentum * m - learning_rate * g` and `w <- w + m`, or
    `w <- w + momentum * m - learning_rate * g` with Nesterov momentum. Rows that a batch does not use keep
    their momentum.

    Args:
        learning_rate: Float, schedule or callable, as in Keras.
        momentum: Decay rate of the momentum, in `[0, 1]`.
        nesterov: Whether to use Nesterov momentum.
        **options: See `RowWise`.

    Raises:
        ArgumentError: If `momentum` is out of range or an option would update every row.

    Example:
        >>> import keras, numpy as np
        >>> table = keras.Variable(np.ones((3, 2), "float32"))
        >>> optimizer = SGD(0.5)
        >>> optimizer.apply([np.float32([[0, 0], [1, 2], [0, 0]])], [table])
        >>> keras.ops.convert_to_numpy(table).tolist()
        [[1.0, 1.0], [0.5, 0.0], [1.0, 1.0]]

    Reference: Sutskever et al., "On the Importance of Initialization and Momentum in Deep Learning", ICML
        2013.
    """

    def __init__(
        self, learning_rate: Any = 0.01, *, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        if not 0 <= momentum <= 1:
            raise ArgumentError(must("momentum", "be in [0, 1]", got=momentum))
        self.momentum, self.nesterov = momentum, nesterov

    @property
    def is_noop_on_zero_gradient(self) -> bool:
        return not self.momentum

    def slots(self) -> Sequence[Slot]:
        return [Slot("momentum")] if self.momentum else []

    def new_values(
        self, gradient: Tensor, learning_rate: Tensor, value: Tensor, *slots: Tensor
    ) -> Sequence[Tensor]:
        step = learning_rate * gradient
        if not slots:
            return [value - step]
        momentum = self.momentum * slots[0] - step
        return [value + (self.momentum * momentum - step if self.nesterov else momentum), momentum]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
