"""The ways in which Arrow stores text and bytes, brought to one."""

import pyarrow as pa

__all__ = ["is_bytes", "is_text", "to_plain"]


def is_text(data_type: pa.DataType) -> bool:
    """Answer whether an Arrow type holds plain str."""
    return pa.types.is_string(data_type) or pa.types.is_large_string(data_type)


def is_bytes(data_type: pa.DataType) -> bool:
    """Answer whether an Arrow type holds plain bytes."""
    return pa.types.is_binary(data_type) or pa.types.is_large_binary(data_type)


def to_plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Unpack dictionaries, views and bytes of one size; every value stays.

    Args:
        column: Any column.

    Returns:
        The same values; text as str, bytes as bytes, categories as what they stand for.

    Example:
        >>> to_plain(pa.chunked_array([["b", "a"]]).dictionary_encode()).type
        DataType(string)
    """
    if pa.types.is_dictionary(column.type):
        # Value by value instead of a cast: Arrow has no cast for the dictionaries of views that polars makes.
        plain = _plain_type(column.type.value_type)
        chunks = [chunk.dictionary.cast(plain).take(chunk.indices) for chunk in column.chunks]
        return pa.chunked_array(chunks, plain)
    return column.cast(_plain_type(column.type))


def _plain_type(data_type: pa.DataType) -> pa.DataType:
    if pa.types.is_string_view(data_type):
        return pa.large_string()
    is_odd_binary = pa.types.is_binary_view(data_type) or pa.types.is_fixed_size_binary(data_type)
    return pa.large_binary() if is_odd_binary else data_type
