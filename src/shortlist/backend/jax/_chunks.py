"""Work on many rows in pieces that fit a cache, on JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from shortlist.typing import Tensor

__all__ = ["scan_chunks"]

_PARTS = 8
"""Into how many chunks at least rows are cut of which only some are worked through."""


def scan_chunks(
    step: Callable[..., Any],
    carry: Any,
    rows: dict[str, Tensor],
    size: Tensor | int,
    dtypes: tuple[str, ...] = ("float32",),
    num_rows: Tensor | int | None = None,
) -> tuple[Any, tuple[Tensor, ...]]:
    """Work through rows a chunk at a time.

    Args:
        step: Takes the carry, a chunk of the rows by name and the number of its first row; returns the next
            carry and a tuple of outputs of as many rows.
        carry: A tuple of tensors.
        rows: By name, `[num_rows, ...]`.
        size: Rows a chunk; the last one may be smaller.
        dtypes: Of the outputs.
        num_rows: How many of the rows, from the first, are worked through; all when None.

    Returns:
        The last carry, and each output, one chunk after another, `[num_rows, ...]`; where `num_rows` is
        given, as many places as rows, with anything after those that were worked through.
    """
    del dtypes  # seen from what a step returns
    if isinstance(num_rows, jax.core.Tracer):  # outside of a compiled function a loop would be compiled again
        return _over_some(step, carry, rows, int(size), num_rows)
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


def _over_some(
    step: Callable[..., Any], carry: Any, rows: dict[str, Tensor], size: int, num_rows: Tensor | int
) -> tuple[Any, tuple[Tensor, ...]]:
    """As many chunks as there are rows to work through; the last one may reach beyond them."""
    num_all = next(iter(rows.values())).shape[0]
    size = max(1, min(size, -(-num_all // _PARTS)))
    num_padded = -num_all % size
    rows = {
        name: jnp.pad(part, [(0, num_padded), *[(0, 0)] * (part.ndim - 1)]) for name, part in rows.items()
    }

    def of_chunk(number: Tensor, state: tuple[Any, tuple[Tensor, ...]]) -> tuple[Any, tuple[Tensor, ...]]:
        first = number * size
        chunk = {name: jax.lax.dynamic_slice_in_dim(part, first, size) for name, part in rows.items()}
        carry, parts = step(state[0], chunk, first)
        written = (
            jax.lax.dynamic_update_slice_in_dim(output, part, first, axis=0)
            for output, part in zip(state[1], parts, strict=True)
        )
        return carry, tuple(written)

    first_chunk = {name: part[:size] for name, part in rows.items()}
    shapes = jax.eval_shape(step, carry, first_chunk, jnp.int32(0))[1]
    outputs = tuple(jnp.zeros((num_all + num_padded, *one.shape[1:]), one.dtype) for one in shapes)
    carry, outputs = jax.lax.fori_loop(0, (num_rows + size - 1) // size, of_chunk, (carry, outputs))
    return carry, tuple(output[:num_all] for output in outputs)
