"""Row-wise gradient descent."""

from collections.abc import Sequence
from typing import Any, final

import keras

from shortlist.errors import ArgumentError
from shortlist.optimizers._base import RowWise, Slot
from shortlist.typing import Tensor

__all__ = ["SGD"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
class SGD(RowWise):
    """Gradient descent, with momentum if asked for, on the rows that a batch used.

    `w <- w - learning_rate * g`; with momentum `m <- momentum * m - learning_rate * g` and `w <- w + m`, or
    `w <- w + momentum * m - learning_rate * g` for Nesterov's. The momentum of a row rests while the row is
    not used.

    Args:
        learning_rate: A float, a schedule or a function, as in Keras.
        momentum: In `[0, 1]`; what is kept of a step in the next one of the row.
        nesterov: Whether to look ahead along the momentum.
        **options: As in `RowWise`.

    Raises:
        ArgumentError: `momentum` is out of range, or an option changes every row.

    Example:
        >>> import keras, numpy as np
        >>> table = keras.Variable(np.ones((3, 2), "float32"))
        >>> optimizer = SGD(0.5)
        >>> optimizer.apply([np.float32([[0, 0], [1, 2], [0, 0]])], [table])
        >>> keras.ops.convert_to_numpy(table).tolist()
        [[1.0, 1.0], [0.5, 0.0], [1.0, 1.0]]

    Source: Sutskever et al., On the importance of initialization and momentum in deep learning, 2013.
    """

    def __init__(
        self, learning_rate: Any = 0.01, *, momentum: float = 0.0, nesterov: bool = False, **options: Any
    ) -> None:
        super().__init__(learning_rate, **options)
        if not 0 <= momentum <= 1:
            raise ArgumentError(f"momentum: got {momentum}, expected a number in [0, 1].")
        self.momentum, self.nesterov = momentum, nesterov

    @property
    def is_noop_on_zero_gradient(self) -> bool:
        """A momentum would move the row on."""
        return not self.momentum

    def slots(self) -> Sequence[Slot]:
        """The momentum, if there is any."""
        return [Slot("momentum")] if self.momentum else []

    def new_values(
        self, gradient: Tensor, learning_rate: Tensor, value: Tensor, *slots: Tensor
    ) -> Sequence[Tensor]:
        """The formula; see `RowWise.new_values`."""
        step = learning_rate * gradient
        if not slots:
            return [value - step]
        momentum = self.momentum * slots[0] - step
        return [value + (self.momentum * momentum - step if self.nesterov else momentum), momentum]

    def get_config(self) -> dict[str, Any]:
        """What makes the optimizer again.

        Returns:
            The constructor's arguments.
        """
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
