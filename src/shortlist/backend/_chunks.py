"""Chunk sizes: how much of a large matrix to compute at once."""

import functools
from pathlib import Path

from keras import ops

from shortlist.typing import Tensor

__all__ = ["accelerator_chunk_bytes", "cpu_chunk_bytes", "even_chunk"]

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_USUAL_CACHE = 16 * 2**20
_LARGEST_CPU_CHUNK = 31 * 2**20
"""Bytes. From 32 MiB on, glibc's `malloc` requests memory from the system on each call, page by page. A cache
larger than two such chunks is shared by many cores."""

_MEMORY_SHARE = 32
_UNKNOWN_MEMORY = 16 * 2**30
_LARGEST_ACCELERATOR_CHUNK = 4 * 2**30
"""Bytes. 2**30 float32 numbers, so that indices into a chunk fit in int32."""


def cpu_chunk_bytes() -> int:
    """Return half of the CPU's largest cache, at most 31 MiB."""
    return min(_cache_bytes() // 2, _LARGEST_CPU_CHUNK)


def accelerator_chunk_bytes(total_memory: int | None) -> int:
    """Return 1/32 of a device's memory, at most 4 GiB.

    The total counts, not what is free now, so that compiled functions keep their shapes. A step needs a few
    intermediate results of this size.

    Args:
        total_memory: Bytes; 16 GiB are assumed when None.
    """
    return min((total_memory or _UNKNOWN_MEMORY) // _MEMORY_SHARE, _LARGEST_ACCELERATOR_CHUNK)


def even_chunk(num_rows: Tensor | int, num_columns: Tensor | int, num_bytes: int) -> Tensor | int:
    """Return how many rows of float32 make the fewest chunks of at most `num_bytes`, as even as possible.

    Args:
        num_rows: Number of rows in total.
        num_columns: Numbers per row.
        num_bytes: Largest size of a chunk that holds more than one row.

    Returns:
        At least 1; a Python integer if both sizes are.
    """
    budget = num_bytes // 4
    if isinstance(num_rows, int) and isinstance(num_columns, int):
        num_chunks = -(-num_rows // max(1, budget // max(1, num_columns)))
        return max(1, -(-num_rows // max(1, num_chunks)))
    largest = ops.maximum(1, budget // ops.maximum(1, num_columns))
    num_chunks = (num_rows + largest - 1) // largest
    return ops.maximum(1, (num_rows + num_chunks - 1) // ops.maximum(1, num_chunks))


@functools.cache
def _cache_bytes() -> int:
    """Return the size of the largest cache, 16 MiB where the system does not tell."""
    try:
        return max(_bytes(file.read_text()) for file in _CACHES.glob("index*/size"))
    except (ValueError, OSError):  # no such files, or in another format than Linux writes
        return _USUAL_CACHE


def _bytes(size: str) -> int:
    number, unit = size.strip()[:-1], size.strip()[-1:]  # such as 512K
    return int(number) * {"K": 2**10, "M": 2**20}.get(unit, 0) or _USUAL_CACHE
