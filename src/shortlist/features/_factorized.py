"""Columns of Arrow as their distinct values, so that Python handles each of these once."""

import numpy as np
import pyarrow as pa

from shortlist.typing import ArrayLike

__all__ = ["factorized"]


def factorized(values: ArrayLike) -> tuple[ArrayLike, np.ndarray | None]:
    """The distinct values of a column and where each row's value is among them.

    Args:
        values: `[n]`; a column of text, bytes or integers of Arrow without missing values is factorized,
            anything else comes back as it is.

    Returns:
        The distinct values, in the order of their first appearance, and `[n]` places among them; or the
        values and None.

    Example:
        >>> distinct, places = factorized(pa.array(["b", "a", "b"]))
        >>> distinct.to_pylist(), places.tolist()
        (['b', 'a'], [0, 1, 0])
    """
    if not isinstance(values, pa.Array | pa.ChunkedArray) or not _is_plain(values):
        return values, None
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    encoded = values.dictionary_encode()
    return encoded.dictionary, encoded.indices.to_numpy()


def _is_plain(values: pa.Array | pa.ChunkedArray) -> bool:
    kinds = (
        pa.types.is_integer,
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_binary,
        pa.types.is_large_binary,
    )
    # Where a value is missing, the error names its row, so the rows stay as they are.
    return bool(len(values)) and not values.null_count and any(is_kind(values.type) for is_kind in kinds)
