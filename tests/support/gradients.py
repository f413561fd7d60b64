"""Values and gradients of a function of tensors, whichever backend Keras runs on."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class ValueAndGradients(NamedTuple):
    """A scalar and its gradient by each argument, float32."""

    value: float
    gradients: list[Array]


def value_and_gradients(
    function: Callable[..., Any], *arguments: Array, dtype: str = "float32"
) -> ValueAndGradients:
    """Call `function` with one tensor of `dtype` for each argument and differentiate its scalar result."""
    tensors = [keras.ops.convert_to_tensor(argument, dtype=dtype) for argument in arguments]
    differentiate = {"tensorflow": by_tensorflow, "jax": by_jax, "torch": by_torch}[keras.config.backend()]
    value, gradients = differentiate(function, tensors)
    return ValueAndGradients(float(value), [as_float32(gradient) for gradient in gradients])


def as_float32(tensor: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32")))


def by_tensorflow(function: Callable[..., Any], tensors: list[Any]) -> tuple[Any, list[Any]]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return value, tape.gradient(value, tensors)


def by_jax(function: Callable[..., Any], tensors: list[Any]) -> tuple[Any, list[Any]]:
    import jax

    value, gradients = jax.value_and_grad(function, argnums=tuple(range(len(tensors))))(*tensors)
    return value, list(gradients)


def by_torch(function: Callable[..., Any], tensors: list[Any]) -> tuple[Any, list[Any]]:
    leaves = [tensor.detach().clone().requires_grad_(True) for tensor in tensors]
    value = function(*leaves)
    value.backward()
    return value.detach(), [leaf.new_zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in leaves]
