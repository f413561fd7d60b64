"""What Keras' operations leave to the backend, on TensorFlow."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from keras.src.backend.common.stateless_scope import in_stateless_scope  # Keras has no public name for it

from shortlist.typing import Tensor

__all__ = [
    "compiled",
    "count_beyond_margin",
    "exp_in_place",
    "host_callback",
    "is_symbolic",
    "is_tracing",
    "scatter_add",
    "subtract_in_place",
    "top_k",
]


def is_tracing() -> bool:
    """Whether what is called now becomes part of a graph, so that tensors made of arrays have no value, too.

    Returns:
        True inside of a `tf.function`.
    """
    return not tf.executing_eagerly()


def is_symbolic(value: Any) -> bool:
    """Whether `value` is a tensor without a value yet: a graph is being built.

    Args:
        value: Anything.

    Returns:
        True for a symbolic tensor.
    """
    if isinstance(value, np.ndarray):  # of which TensorFlow takes long to say that it is none
        return False
    return tf.is_tensor(value) and not hasattr(value, "numpy")


def scatter_add(variable: Any, rows: Tensor, values: Tensor) -> None:
    """Add `values[i]` to row `rows[i]` of a variable, in place; repeated rows add up.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: `[n]`, int.
        values: `[n, ...]`.
    """
    values = tf.cast(values, variable.dtype)
    if in_stateless_scope():  # which keeps what is assigned, and knows nothing of changes in place
        variable.assign(tf.tensor_scatter_nd_add(variable.value, tf.expand_dims(rows, 1), values))
    else:
        variable.value.scatter_add(tf.IndexedSlices(values, rows))


def top_k(scores: Tensor, k: int | Tensor) -> tuple[Tensor, Tensor]:
    """The k highest scores of each row and their columns; of equal scores the lower column comes first.

    Args:
        scores: `[num_queries, num_candidates]`, with `num_candidates >= k`.
        k: How many.

    Returns:
        Scores and int32 columns, both `[num_queries, k]`, highest first.
    """
    return tf.math.top_k(scores, k)


def host_callback(
    function: Callable[..., np.ndarray],
    asked: Tensor | tuple[Tensor, ...],
    shape: tuple[Any, ...],
    dtype: str = "float32",
) -> Tensor:
    """What a function of the host gives, inside a graph too.

    Args:
        function: Takes arrays and gives one.
        asked: Its argument, or a tuple of its arguments.
        shape: Of what it gives.
        dtype: Of what it gives.

    Returns:
        A tensor.
    """
    arguments = list(asked) if isinstance(asked, tuple) else [asked]
    answer = tf.numpy_function(function, arguments, tf.as_dtype(dtype), stateful=False)
    return tf.ensure_shape(answer, shape)


def count_beyond_margin(leads: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """How many numbers of each row lie above a margin, and how many below its negative.

    They are turned into -1, 0 and 1, of which a row's sum is the difference of the two numbers, and the
    square of its length their sum: fewer passes than comparing twice.

    Args:
        leads: `[num_rows, num_columns]`, with at most 2^22 columns, as a square root in float32 is exact
            enough for; nobody needs them any more.
        margin: Above 0.

    Returns:
        `[num_rows]` each, float32.
    """
    step = 2 * margin  # three levels, -step, 0 and step, have their borders halfway between them
    levels = tf.quantization.fake_quant_with_min_max_args(leads, -step, step, num_bits=2, narrow_range=True)
    difference = tf.reduce_sum(levels, axis=1) / step
    number = tf.round(tf.square(tf.raw_ops.EuclideanNorm(input=levels, axis=[1]) / step))
    return (number + difference) / 2, (number - difference) / 2


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors as one graph for all batch sizes.

    Args:
        function: Takes tensors by position.

    Returns:
        The function, compiled when first called.
    """
    return tf.function(function, autograph=False, reduce_retracing=True)


def exp_in_place(values: Tensor) -> Tensor:
    """Exponentials of values that nobody needs any more, in their memory where the backend can.

    Args:
        values: Any shape.

    Returns:
        The same shape.
    """
    return tf.exp(values)


def subtract_in_place(values: Tensor, amount: Tensor) -> Tensor:
    """Differences of values that nobody needs any more, in their memory where the backend can.

    Args:
        values: Any shape.
        amount: What fits it.

    Returns:
        The shape of the values.
    """
    return values - amount
