"""How many rows of a matrix to work on at once."""

import functools
from pathlib import Path

from keras import ops

from shortlist.typing import Tensor

__all__ = ["rows_per_chunk"]

_USUAL_CACHE = 16 * 2**20
_LARGEST_CHUNK = 31 * 2**20
"""Bytes. What takes more than 32 MiB, glibc's `malloc` has from the system again each time, page by page; and
a cache that is larger than two such chunks is shared with many cores, other machines' among them."""

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def rows_per_chunk(num_rows: Tensor | int, num_columns: Tensor | int) -> Tensor | int:
    """Rows of float32 that fit half of the processor's largest cache and 31 MiB, in chunks as even as can be.

    Args:
        num_rows: In all.
        num_columns: Numbers a row.

    Returns:
        At least 1; a Python number where both sizes are, as compilers of fixed shapes need it.

    Example:
        >>> rows_per_chunk(10, 10)
        10
    """
    scores = min(_cache_bytes() // 2, _LARGEST_CHUNK) // 4
    if isinstance(num_rows, int) and isinstance(num_columns, int):
        num_chunks = -(-num_rows // max(1, scores // max(1, num_columns)))
        return max(1, -(-num_rows // max(1, num_chunks)))
    largest = ops.maximum(1, scores // ops.maximum(1, num_columns))
    num_chunks = (num_rows + largest - 1) // largest
    return ops.maximum(1, (num_rows + num_chunks - 1) // ops.maximum(1, num_chunks))


@functools.cache
def _cache_bytes() -> int:
    """Of the largest one, which the cores share; the usual size where the system does not tell."""
    try:
        return max(_bytes(file.read_text()) for file in _CACHES.glob("index*/size"))
    except (ValueError, OSError):  # no such files, or not as Linux writes them
        return _USUAL_CACHE


def _bytes(size: str) -> int:
    """Of a size such as 512K."""
    number, unit = size.strip()[:-1], size.strip()[-1:]
    return int(number) * {"K": 2**10, "M": 2**20}.get(unit, 0) or _USUAL_CACHE
