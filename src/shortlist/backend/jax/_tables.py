"""Large tables between the host and JAX, with few copies."""

import math
from collections.abc import Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from shortlist.typing import Tensor

__all__ = ["assemble_table", "host_array"]

_ALIGNMENT = 64
"""Bytes."""


def assemble_table(parts: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str) -> Tensor:
    """A tensor that is put together of parts, whose memory is the only one that holds it all on the host.

    Args:
        parts: One after another, the rows of the table.
        shape: Of the table.
        dtype: Of the table.

    Returns:
        A tensor of that shape.
    """
    table, first = _aligned(shape, dtype), 0
    for part in parts:
        table[first : first + len(part)] = part
        first += len(part)
    # Memory that is aligned is taken as it is; that of an array may take two copies more.
    return jnp.from_dlpack(table) if jax.default_backend() == "cpu" else jnp.asarray(table)


def host_array(table: Any) -> np.ndarray:
    """A tensor as an array that must not be written to; where it lies on the host, without a copy.

    Args:
        table: A tensor or an array.

    Returns:
        The same numbers.
    """
    if isinstance(table, jax.Array) and table.dtype != bool and _is_on_host(table):
        table = np.from_dlpack(table)  # NumPy's own way makes a copy, and JAX keeps it
    array = np.asarray(table).view()
    array.flags.writeable = False
    return array


def _is_on_host(table: jax.Array) -> bool:
    return {device.platform for device in table.devices()} == {"cpu"}


def _aligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array of any content that begins where JAX wants it to."""
    num_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(num_bytes + _ALIGNMENT, "uint8")
    first = -memory.ctypes.data % _ALIGNMENT
    return memory[first : first + num_bytes].view(dtype).reshape(shape)
