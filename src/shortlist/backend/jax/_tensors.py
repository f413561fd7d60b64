"""What Keras' operations leave to the backend, on JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

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
        True inside of what JAX traces.
    """
    return is_symbolic(jnp.asarray(np.float32(0)))  # JAX has no public name for it


def is_symbolic(value: Any) -> bool:
    """Whether `value` is a tensor without a value yet: a function is being traced.

    Args:
        value: Anything.

    Returns:
        True for a tracer.
    """
    return isinstance(value, jax.core.Tracer)


def scatter_add(variable: Any, rows: Tensor, values: Tensor) -> None:
    """Add `values[i]` to row `rows[i]` of a variable; repeated rows add up.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: `[n]`, int.
        values: `[n, ...]`.
    """
    variable.assign(variable.value.at[rows].add(values))


def top_k(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k highest scores of each row and their columns; of equal scores the lower column comes first.

    Args:
        scores: `[num_queries, num_candidates]`, with `num_candidates >= k`.
        k: How many.

    Returns:
        Scores and int32 columns, both `[num_queries, k]`, highest first.
    """
    return jax.lax.top_k(scores, k)


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
    arguments = asked if isinstance(asked, tuple) else (asked,)
    answer = jax.ShapeDtypeStruct(shape, dtype)
    return jax.pure_callback(lambda *arrays: function(*map(np.asarray, arrays)), answer, *arguments)


def count_beyond_margin(leads: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """How many numbers of each row lie above a margin, and how many below its negative.

    Args:
        leads: `[num_rows, num_columns]`, with at most 2^22 columns; nobody needs them any more.
        margin: Above 0.

    Returns:
        `[num_rows]` each, float32.
    """
    above, below = (jnp.sum(which, axis=1, dtype="float32") for which in (leads > margin, leads < -margin))
    return above, below


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors as one program a shape.

    Args:
        function: Takes tensors by position.

    Returns:
        The function, compiled when first called.
    """
    return jax.jit(function)


def exp_in_place(values: Tensor) -> Tensor:
    """Exponentials of values that nobody needs any more, in their memory where the backend can.

    Args:
        values: Any shape.

    Returns:
        The same shape.
    """
    return jnp.exp(values)


def subtract_in_place(values: Tensor, amount: Tensor) -> Tensor:
    """Differences of values that nobody needs any more, in their memory where the backend can.

    Args:
        values: Any shape.
        amount: What fits it.

    Returns:
        The shape of the values.
    """
    return values - amount
