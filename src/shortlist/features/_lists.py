"""Lists of any length, flat and as padded arrays."""

from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from shortlist.errors import FeatureError, must
from shortlist.ids import PADDING
from shortlist.typing import ArrayLike

__all__ = ["flattened", "is_padding", "padded"]

_PADDING = frozenset([None, *PADDING.values()])


def flattened(values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the entries of all lists in one array, and the length of each list.

    Args:
        values: `[batch]` lists, or `[batch, length]`.

    Returns:
        Entries `[total]` and lengths `[batch]`, int64.

    Raises:
        FeatureError: If a row is not a list, or holds lists itself.

    Example:
        >>> flattened([["a", "b"], [], ["c"]])
        (array(['a', 'b', 'c'], dtype=object), array([2, 0, 1]))
    """
    rows = _rows(values)
    for number, row in enumerate(rows):
        if not isinstance(row, list | tuple | np.ndarray) or getattr(row, "ndim", 1) == 0:
            fix = (
                "Declare one value per row as a Category, wrap the values into lists, or give an empty list "
                "for a missing one"
            )
            raise FeatureError(must("rows", "be lists", got=f"{row!r} in row {number}", fix=fix))
        if any(isinstance(entry, list | tuple | np.ndarray) for entry in row):
            fix = "Flatten the lists of each row into one; if the data was batched twice, remove one batch()"
            raise FeatureError(must("rows", "be flat lists", got=f"lists of lists in row {number}", fix=fix))
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    # A 2-D array keeps its dtype; lists of Python values become an object array, which changes none of them.
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.reshape(-1), lengths
    flat = np.empty(int(lengths.sum()), dtype=object)
    flat[:] = list(chain.from_iterable(rows))
    return flat, lengths


def _rows(values: ArrayLike) -> list[Any]:
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values.to_pylist()
    return list(np.asarray(values) if hasattr(values, "__array__") else values)


def is_padding(flat: np.ndarray) -> np.ndarray:
    """Return a mask `[total]` of the entries that are padding: None, empty text or bytes, and -1."""
    return np.fromiter((entry in _PADDING for entry in flat.tolist()), bool, len(flat))


def padded(rows: np.ndarray, lengths: np.ndarray, max_length: int) -> np.ndarray:
    """Return the first `max_length` entries of each list, padded with -1.

    Args:
        rows: `[sum of lengths]`, integers: the entries of all lists.
        lengths: `[batch]`, integers.
        max_length: Width of the result.

    Returns:
        `[batch, max_length]`, int32.

    Example:
        >>> padded(np.array([5, 6, 7, 8]), np.array([3, 0, 1]), 2)
        array([[ 5,  6],
               [-1, -1],
               [ 8, -1]], dtype=int32)
    """
    list_of_entry = np.repeat(np.arange(len(lengths)), lengths)
    position = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    fits = position < max_length
    result = np.full((len(lengths), max_length), -1, dtype=np.int32)
    result[list_of_entry[fits], position[fits]] = rows[fits]
    return result
