"""Convert large arrays to backend tensors in chunks, and save and load them."""

from pathlib import Path

import numpy as np

from shortlist import backend
from shortlist.typing import Tensor

__all__ = ["as_table", "load_table", "rows_at_once", "save_table"]

_BYTES_AT_ONCE = 2**23


def rows_at_once(shape: tuple[int, ...], dtype: str) -> int:
    """Return the number of rows of a table that take about 8 MiB.

    Args:
        shape: Shape of the table.
        dtype: Dtype of the table.
    """
    bytes_of_row = np.dtype(dtype).itemsize * int(np.prod(shape[1:], dtype="int64"))
    return max(1, _BYTES_AT_ONCE // max(1, bytes_of_row))


def as_table(array: np.ndarray) -> Tensor:
    """Convert an array to a tensor, without a second copy in memory where the backend allows.

    Args:
        array: `[num_rows, ...]`.

    Returns:
        Tensor `[num_rows, ...]` of the same dtype.
    """
    size = rows_at_once(array.shape, array.dtype.name)
    parts = (array[first : first + size] for first in range(0, len(array), size))
    return backend.assemble_table(parts, array.shape, array.dtype.name)


def save_table(table: Tensor, file: Path) -> None:
    """Write a tensor to a file.

    Args:
        table: `[num_rows, ...]`.
        file: Path ending in `.npy`.
    """
    np.save(file, backend.host_array(table))


def load_table(file: Path) -> Tensor:
    """Load a file that `save_table` wrote.

    Args:
        file: Path ending in `.npy`.

    Returns:
        `[num_rows, ...]`.
    """
    return as_table(np.load(file, mmap_mode="r"))
