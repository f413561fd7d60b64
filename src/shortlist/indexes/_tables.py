"""Vectors as tables of the backend, read and written a part at a time."""

from pathlib import Path

import numpy as np

from shortlist import backend
from shortlist.typing import Tensor

__all__ = ["as_table", "load_table", "rows_at_once", "save_table"]

_BYTES_AT_ONCE = 2**23


def rows_at_once(shape: tuple[int, ...], dtype: str) -> int:
    """How many rows of a table are about 8 MiB.

    Args:
        shape: Of the table.
        dtype: Of the table.
    """
    bytes_of_row = np.dtype(dtype).itemsize * int(np.prod(shape[1:], dtype="int64"))
    return max(1, _BYTES_AT_ONCE // max(1, bytes_of_row))


def as_table(array: np.ndarray) -> Tensor:
    """An array as a tensor.

    Args:
        array: `[num_rows, ...]`.

    Returns:
        The same, without copies besides where the backend can.
    """
    size = rows_at_once(array.shape, array.dtype.name)
    parts = (array[first : first + size] for first in range(0, len(array), size))
    return backend.assemble_table(parts, array.shape, array.dtype.name)


def save_table(table: Tensor, file: Path) -> None:
    """Write a tensor into a file.

    Args:
        table: `[num_rows, ...]`.
        file: A file that ends in `.npy`.
    """
    np.save(file, backend.host_array(table))


def load_table(file: Path) -> Tensor:
    """Read what `save_table` wrote.

    Args:
        file: Where from.

    Returns:
        `[num_rows, ...]`.
    """
    return as_table(np.load(file, mmap_mode="r"))
