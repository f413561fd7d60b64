"""Arrow columns of ids: brought to one of the three kinds and numbered, without changing an id."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from shortlist.errors import DataError, must
from shortlist.ids._kinds import IdKind

__all__ = ["arrow_id_kind", "encode_ids", "is_bytes", "is_text", "to_id_column", "to_plain", "type_name"]


def is_text(data_type: pa.DataType) -> bool:
    """Tell whether an Arrow type is plain text."""
    return pa.types.is_string(data_type) or pa.types.is_large_string(data_type)


def is_bytes(data_type: pa.DataType) -> bool:
    """Tell whether an Arrow type is plain bytes."""
    return pa.types.is_binary(data_type) or pa.types.is_large_binary(data_type)


_TYPE_NAMES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (is_text, "text"),
    (is_bytes, "bytes"),
    (pa.types.is_integer, "integers"),
    (pa.types.is_floating, "floating point numbers"),
    (pa.types.is_decimal, "decimal numbers"),
    (pa.types.is_boolean, "booleans"),
    (pa.types.is_date, "dates"),
    (pa.types.is_timestamp, "times"),
    (pa.types.is_fixed_size_list, "vectors (rank 2)"),
    (pa.types.is_list, "lists"),
    (pa.types.is_large_list, "lists"),
    (pa.types.is_null, "missing in every row"),
)


def type_name(data_type: pa.DataType) -> str:
    """Name the values of an Arrow type in plain words, or as Arrow does if the type is rare.

    Example:
        >>> type_name(pa.large_string()), type_name(pa.float64()), type_name(pa.list_(pa.int64(), 2))
        ('text', 'floating point numbers', 'vectors (rank 2)')
    """
    return next((name for fits, name in _TYPE_NAMES if fits(data_type)), str(data_type))


def arrow_id_kind(data_type: pa.DataType) -> IdKind | None:
    """Return the kind of ids that an Arrow type holds, or None if it cannot hold ids.

    Example:
        >>> arrow_id_kind(pa.int64()), arrow_id_kind(pa.string()), arrow_id_kind(pa.float64())
        ('int64', 'str', None)
    """
    if pa.types.is_int64(data_type):
        return "int64"
    if is_text(data_type):
        return "str"
    return "bytes" if is_bytes(data_type) else None


def to_plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Unpack dictionaries, views and fixed-size bytes; the values do not change.

    Example:
        >>> to_plain(pa.chunked_array([["b", "a"]]).dictionary_encode()).type
        DataType(string)
    """
    if pa.types.is_dictionary(column.type):
        # Value by value: Arrow has no cast for the dictionaries of views that polars makes.
        plain = _plain_type(column.type.value_type)
        chunks = [chunk.dictionary.cast(plain).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks, plain)
    return column.cast(_plain_type(column.type))


def _plain_type(data_type: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(data_type):
        return pa.large_string()
    is_odd_binary = pa.types.is_binary_view(data_type) or pa.types.is_fixed_size_binary(data_type)
    return pa.large_binary() if is_odd_binary else data_type


def to_id_column(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Convert a column to plain text, plain bytes or int64; leave columns that hold no ids as they are.

    Args:
        column: Any column.
        name: Name of the column, for the error.

    Raises:
        DataError: If an unsigned id does not fit int64.
    """
    column = to_plain(column)
    if not pa.types.is_integer(column.type):
        return column
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid as error:
        message = must(f"column {name!r}", "hold ids that fit int64", got=error, fix="Give such ids as text")
        raise DataError(message) from error


def encode_ids(column: pa.Array | pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Encode the ids of a column as codes, in order of first appearance.

    Args:
        column: `[n]`, ids without missing values, at least one.

    Returns:
        codes: int32 `[n]`, the number of each row's id.
        ids: Distinct ids `[num_ids]`, object (str, bytes) or integers.

    Example:
        >>> codes, ids = encode_ids(pa.chunked_array([["b", "a", "b"]]))
        >>> codes.tolist(), ids.tolist()
        ([0, 1, 0], ['b', 'a'])
    """
    column = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    encoded: Any = column.dictionary_encode().unify_dictionaries()
    codes = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    ids = encoded.chunk(0).dictionary.to_numpy(zero_copy_only=False)
    return np.concatenate(codes), ids
