"""What the kinds of Adagrad share: one accumulator, by whose root a step is divided."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from keras import ops

from shortlist.optimizers._base import RowWise
from shortlist.typing import Tensor

__all__ = ["Accumulating"]


class Accumulating(RowWise):
    """Divides a step by the root of what gradients added up to; the subclass says what they add. Abstract.

    `a <- a + s(g)`, `w <- w - learning_rate * g / sqrt(a + epsilon)`

    Args:
        learning_rate: A float, a schedule or a function, as in Keras.
        initial_accumulator_value: Of each accumulator `a`.
        epsilon: Keeps the root from zero.
        **options: As in `RowWise`.

    Raises:
        ArgumentError: An option changes every row.
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
        """Zero divided by the root stays zero, unless the root may be zero too."""
        return self.epsilon > 0

    @abstractmethod
    def squares(self, gradient: Tensor) -> Tensor:
        """What the gradient adds to the accumulator: nothing where it is zero.

        Args:
            gradient: `[n, ...]`.

        Returns:
            What fits the accumulator of these rows.
        """

    def new_values(
        self, gradient: Tensor, learning_rate: Tensor, value: Tensor, *slots: Tensor
    ) -> Sequence[Tensor]:
        """The formula; see `RowWise.new_values`."""
        accumulator = slots[0] + self.squares(gradient)
        return [value - learning_rate * gradient / ops.sqrt(accumulator + self.epsilon), accumulator]

    def get_config(self) -> dict[str, Any]:
        """What makes the optimizer again.

        Returns:
            The constructor's arguments.
        """
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }
