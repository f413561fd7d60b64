"""Work in chunks on JAX, as a compiled loop."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from shortlist.backend._chunks import accelerator_chunk_bytes, cpu_chunk_bytes
from shortlist.typing import Tensor

__all__ = ["chunk_bytes", "scan_chunks"]


_LEAST_CHUNKS = 8
"""Chunks into which rows are divided at least where only the first of them are processed."""


def chunk_bytes() -> int:
    device = jax.local_devices()[0]
    if device.platform == "cpu":
        return cpu_chunk_bytes()
    return accelerator_chunk_bytes((device.memory_stats() or {}).get("bytes_limit"))


def scan_chunks(
    step: Callable[..., Any],
    carry: Any,
    rows: dict[str, Tensor],
    size: Tensor | int,
    dtypes: tuple[str, ...] = ("float32",),
    num_rows: Tensor | int | None = None,
) -> tuple[Any, tuple[Tensor, ...]]:
    del dtypes  # known from the outputs
    if isinstance(num_rows, jax.core.Tracer):  # outside a compiled function the loop would compile each time
        return _scan_first(step, carry, rows, int(size), num_rows)
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


def _scan_first(
    step: Callable[..., Any], carry: Any, rows: dict[str, Tensor], size: int, num_rows: Tensor
) -> tuple[Any, tuple[Tensor, ...]]:
    """Process the chunks that hold the first `num_rows` rows; the last of them may hold others too."""
    num_all = next(iter(rows.values())).shape[0]
    size = max(1, min(size, -(-num_all // _LEAST_CHUNKS)))
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
