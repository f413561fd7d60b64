"""`tfrs.layers.blocks`."""

from collections.abc import Sequence
from typing import Any

from shortlist import layers

__all__ = ["MLP"]


def MLP(  # noqa: N802 - the name of a class there
    units: Sequence[int],
    use_bias: bool = True,
    activation: Any = "relu",
    final_activation: Any = None,
    **kwargs: Any,
) -> layers.MLP:
    """`layers.MLP` with the argument order of TensorFlow Recommenders.

    Args:
        units: Width of each layer.
        use_bias: Whether the layers add a bias.
        activation: Of every layer but the last.
        final_activation: Activation of the last layer.
        **kwargs: As for every Keras layer.

    Returns:
        A layer.

    Example:
        >>> import numpy as np
        >>> tuple(MLP([16, 4])(np.zeros((2, 8), "float32")).shape)
        (2, 4)
    """
    return layers.MLP(
        units, use_bias=use_bias, activation=activation, final_activation=final_activation, **kwargs
    )
