"""Compilation, host arrays and operations on tensors in JAX."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from shortlist.typing import Tensor

__all__ = [
    "assemble_table",
    "compiled",
    "count_beyond_margin",
    "exp_in_place",
    "grouped_products",
    "host_array",
    "host_callback",
    "is_symbolic",
    "is_tracing",
    "subtract_in_place",
    "top_k",
]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jit(function)  # one program per shape


def is_tracing() -> bool:
    return is_symbolic(jnp.asarray(np.float32(0)))  # JAX has no public function for it


def is_symbolic(value: Any) -> bool:
    return isinstance(value, jax.core.Tracer)


def host_callback(
    function: Callable[..., np.ndarray],
    arguments: Tensor | tuple[Tensor, ...],
    shape: tuple[Any, ...],
    dtype: str = "float32",
) -> Tensor:
    inputs = arguments if isinstance(arguments, tuple) else (arguments,)
    result = jax.ShapeDtypeStruct(shape, dtype)
    return jax.pure_callback(lambda *arrays: function(*map(np.asarray, arrays)), result, *inputs)


def host_array(table: Any) -> np.ndarray:
    if isinstance(table, jax.Array) and table.dtype != bool and _is_on_host(table):
        table = np.from_dlpack(table)  # np.asarray makes a copy, and JAX keeps it
    array = np.asarray(table).view()
    array.flags.writeable = False
    return array


def _is_on_host(table: jax.Array) -> bool:
    return {device.platform for device in table.devices()} == {"cpu"}


_ALIGNMENT = 64  # bytes, of arrays that JAX takes over without a copy


def assemble_table(parts: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str) -> Tensor:
    num_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(num_bytes + _ALIGNMENT, "uint8")
    start = -memory.ctypes.data % _ALIGNMENT
    table, first = memory[start : start + num_bytes].view(dtype).reshape(shape), 0
    for part in parts:
        table[first : first + len(part)] = part
        first += len(part)
    # jnp.asarray may copy the array twice.
    return jnp.from_dlpack(table) if jax.default_backend() == "cpu" else jnp.asarray(table)


def exp_in_place(values: Tensor) -> Tensor:
    return jnp.exp(values)


def subtract_in_place(values: Tensor, amount: Tensor) -> Tensor:
    return values - amount


def count_beyond_margin(leads: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    above, below = (jnp.sum(where, axis=1, dtype="float32") for where in (leads > margin, leads < -margin))
    return above, below


def top_k(scores: Tensor, k: Tensor | int) -> tuple[Tensor, Tensor]:
    return jax.lax.top_k(scores, k)


_VECTORS_AT_ONCE = 16  # gathering more groups at once leaves the cache


def grouped_products(table: Any, groups: Tensor, vectors: Tensor) -> Tensor:
    # How many vectors share a group is not known at compile time: one product per vector, of cached groups.
    def products(group: Tensor, own: Tensor) -> Tensor:
        return jnp.max(own @ table[group].astype("float32").T, axis=0)

    return jax.lax.map(lambda pair: products(*pair), (groups, vectors), batch_size=_VECTORS_AT_ONCE)
