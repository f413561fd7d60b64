"""What Keras' operations leave to the backend, on JAX."""

from typing import Any

import jax

from shortlist.typing import Tensor

__all__ = ["is_traced", "scatter_add", "top_k"]


def is_traced(value: Any) -> bool:
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
