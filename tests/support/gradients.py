"""Values and gradients of a function of tensors, whichever backend Keras runs on."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from shortlist import backend

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
    value, gradients = differentiated(function)(*tensors)
    return ValueAndGradients(float(value), [as_float32(gradient) for gradient in gradients])


def compiled_value_and_gradients(function: Callable[..., Any]) -> Callable[..., ValueAndGradients]:
    """The same of one compiled function, which may be called often; as it is on PyTorch."""
    compiled = differentiated(function)
    if keras.config.backend() != "torch":
        compiled = backend.compiled(compiled)

    def answer(*arguments: Array) -> ValueAndGradients:
        value, gradients = compiled(*(keras.ops.convert_to_tensor(one, "float32") for one in arguments))
        return ValueAndGradients(float(value), [as_float32(gradient) for gradient in gradients])

    return answer


def differentiated(function: Callable[..., Any]) -> Callable[..., tuple[Any, list[Any]]]:
    """Takes tensors, returns the value and the gradient by each."""
    by = {"tensorflow": by_tensorflow, "jax": by_jax, "torch": by_torch}[keras.config.backend()]
    return lambda *tensors: by(function, tensors)


def as_float32(tensor: Any) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32")))


def by_tensorflow(function: Callable[..., Any], tensors: Sequence[Any]) -> tuple[Any, list[Any]]:
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return value, tape.gradient(value, tensors)


def by_jax(function: Callable[..., Any], tensors: Sequence[Any]) -> tuple[Any, list[Any]]:
    import jax

    value, gradients = jax.value_and_grad(function, argnums=tuple(range(len(tensors))))(*tensors)
    return value, list(gradients)


def by_torch(function: Callable[..., Any], tensors: Sequence[Any]) -> tuple[Any, list[Any]]:
    leaves = [tensor.detach().clone().requires_grad_(True) for tensor in tensors]
    value = function(*leaves)
    value.backward()
    return value.detach(), [leaf.new_zeros(leaf.shape) if leaf.grad is None else leaf.grad for leaf in leaves]
