"""A stack of dense layers."""

from collections.abc import Sequence
from typing import Any

import keras

from shortlist.typing import Tensor

__all__ = ["MLP"]


@keras.saving.register_keras_serializable(package="shortlist")
class MLP(keras.layers.Layer):
    """Dense layers one after another: `x -> activation(x W + b)` for each size in `units`.

    Args:
        units: Width of each layer.
        activation: Of every layer but the last.
        final_activation: Activation of the last layer; None is linear.
        use_bias: Whether the layers add a bias.

    Example:
        >>> import numpy as np
        >>> tuple(MLP([16, 4])(np.zeros((2, 8), "float32")).shape)
        (2, 4)
    """

    def __init__(
        self,
        units: Sequence[int],
        *,
        activation: Any = "relu",
        final_activation: Any = None,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units, self.use_bias = tuple(units), use_bias
        self.activation, self.final_activation = activation, final_activation
        activations = [activation] * (len(self.units) - 1) + [final_activation] * bool(self.units)
        self.layers = [
            keras.layers.Dense(width, activation=function, use_bias=use_bias)
            for width, function in zip(self.units, activations, strict=True)
        ]

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the weights of every layer.

        Args:
            input_shape: `[..., features]`.
        """
        for layer in self.layers:
            layer.build(input_shape)
            input_shape = layer.compute_output_shape(input_shape)

    def call(self, inputs: Tensor) -> Tensor:
        """Apply the layers in turn.

        Args:
            inputs: `[..., features]`.

        Returns:
            `[..., units[-1]]`.
        """
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*input_shape[:-1], self.units[-1]) if self.units else input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": list(self.units),
            "activation": self.activation,
            "final_activation": self.final_activation,
            "use_bias": self.use_bias,
        }
