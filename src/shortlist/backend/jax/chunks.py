"""Work on many rows in pieces that fit a cache, on JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from shortlist.typing import Tensor

__all__ = ["FUSES_PASSES", "over_chunks"]

FUSES_PASSES = True
"""Whether a compiler makes one pass of several operations on each element; else a pass spared is time."""


def over_chunks(
    step: Callable[..., Any],
    carry: Any,
    rows: dict[str, Tensor],
    size: Tensor | int,
    dtypes: tuple[str, ...] = ("float32",),
) -> tuple[Any, tuple[Tensor, ...]]:
    """Work through rows a chunk at a time.

    Args:
        step: Takes the carry, a chunk of the rows by name and the number of its first row; returns the next
            carry and a tuple of outputs of as many rows.
        carry: A tuple of tensors.
        rows: By name, `[num_rows, ...]`.
        size: Rows a chunk; the last one may be smaller.
        dtypes: Of the outputs.

    Returns:
        The last carry, and each output, one chunk after another, `[num_rows, ...]`.
    """
    del dtypes  # seen from what a step returns
    num_rows, size = next(iter(rows.values())).shape[0], int(size)
    if num_rows <= size:
        return step(carry, rows, 0)
    num_full = num_rows // size

    def of_chunk(carry: Any, first: Tensor) -> Any:
        chunk = {name: jax.lax.dynamic_slice_in_dim(part, first, size) for name, part in rows.items()}
        return step(carry, chunk, first)

    carry, outputs = jax.lax.scan(of_chunk, carry, size * jnp.arange(num_full, dtype="int32"))
    outputs = tuple(part.reshape(num_full * size, *part.shape[2:]) for part in outputs)
    if num_full * size == num_rows:
        return carry, outputs
    rest = {name: part[num_full * size :] for name, part in rows.items()}
    carry, last = step(carry, rest, num_full * size)
    return carry, tuple(map(jnp.concatenate, zip(outputs, last, strict=True)))
