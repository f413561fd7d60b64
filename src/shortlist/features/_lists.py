"""Lists of any length, flat and as rectangles filled up with -1."""

from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from shortlist.errors import FeatureError
from shortlist.typing import ArrayLike

__all__ = ["flattened", "is_padding", "padded"]

_PADDING = frozenset([None, "", b"", -1])


def flattened(values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The entries of all lists one after another, and how many each list has.

    Args:
        values: `[batch]` lists, or `[batch, length]`.

    Returns:
        `[total]` entries, and `[batch]` lengths, int64.

    Raises:
        FeatureError: A row is no list, or holds lists.

    Example:
        >>> flattened([["a", "b"], [], ["c"]])
        (array(['a', 'b', 'c'], dtype=object), array([2, 0, 1]))
    """
    rows = _rows(values)
    _check_lists(rows)
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


def _check_lists(rows: list[Any]) -> None:
    for number, row in enumerate(rows):
        if not isinstance(row, list | tuple | np.ndarray) or getattr(row, "ndim", 1) == 0:
            raise FeatureError(
                f"row {number} is {row!r}, expected a list: wrap it, declare the column as a Category, "
                "or give an empty list for a missing one"
            )
        if any(isinstance(entry, list | tuple | np.ndarray) for entry in row):
            raise FeatureError(
                f"row {number} holds lists, expected [batch] lists of values: it looks batched twice; "
                "take one batch() away"
            )


def is_padding(flat: np.ndarray) -> np.ndarray:
    """True where an entry of a list fills it up: None, empty text or bytes, and the integer -1.

    Args:
        flat: `[total]`.

    Returns:
        `[total]`, bool.
    """
    return np.fromiter((entry in _PADDING for entry in flat.tolist()), bool, len(flat))


def padded(rows: np.ndarray, lengths: np.ndarray, max_length: int) -> np.ndarray:
    """Lists as a rectangle: the first `max_length` entries of each, filled up with -1.

    Args:
        rows: `[sum of lengths]`, integers: the entries of all lists one after another.
        lengths: `[batch]`, integers.
        max_length: Width of the rectangle.

    Returns:
        `[batch, max_length]`, int32.

    Example:
        >>> padded(np.array([5, 6, 7, 8]), np.array([3, 0, 1]), 2)
        array([[ 5,  6],
               [-1, -1],
               [ 8, -1]], dtype=int32)
    """
    list_of_entry = np.repeat(np.arange(len(lengths)), lengths)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    fits = place < max_length
    rectangle = np.full((len(lengths), max_length), -1, dtype=np.int32)
    rectangle[list_of_entry[fits], place[fits]] = rows[fits]
    return rectangle
