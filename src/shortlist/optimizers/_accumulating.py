"""Base of the Adagrad optimizers: a step is divided by the root of an accumulator."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from keras import ops

from shortlist.optimizers._base import RowWise
from shortlist.typing import Tensor

__all__ = ["Accumulating"]


class Accumulating(RowWise):
    """Abstract Adagrad: subclasses define what a gradient adds to the accumulator.

    `a <- a + squares(g)`, `w <- w - learning_rate * g / sqrt(a + epsilon)`

    Args:
        learning_rate: Float, schedule or callable, as in Keras.
        initial_accumulator_value: Initial value of `a`.
        epsilon: Added under the root for numerical stability.
        **options: See `RowWise`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        *,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Any,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, epsilon

    @property
    def is_noop_on_zero_gradient(self) -> bool:
        return self.epsilon > 0  # else 0 / sqrt(0)

    @abstractmethod
    def squares(self, gradient: Tensor) -> Tensor:
        """Return what a gradient `[n, ...]` adds to the accumulators of its rows: zero for zero."""

    def new_values(
        self, gradient: Tensor, learning_rate: Tensor, value: Tensor, *slots: Tensor
    ) -> Sequence[Tensor]:
        accumulator = slots[0] + self.squares(gradient)
        return [value - learning_rate * gradient / ops.sqrt(accumulator + self.epsilon), accumulator]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
