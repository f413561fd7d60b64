"""What Keras' operations leave to the backend, on TensorFlow."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from keras.src.backend.common.stateless_scope import in_stateless_scope  # Keras has no public name for it

from shortlist.typing import Tensor

__all__ = [
    "compiled",
    "count_above",
    "exp_in_place",
    "from_host",
    "is_traced",
    "scatter_add",
    "subtract_in_place",
    "top_k",
]


def is_traced(value: Any) -> bool:
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


def from_host(
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


def count_above(scores: Tensor, threshold: float) -> Tensor:
    """How many scores of each row lie above a threshold.

    Args:
        scores: `[num_rows, num_columns]`.
        threshold: A number.

    Returns:
        `[num_rows]`, float32.
    """
    return tf.reduce_sum(tf.cast(scores > threshold, tf.float32), axis=1)


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
