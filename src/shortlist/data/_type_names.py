"""What a column holds, in the words of a user who never heard of Arrow."""

from collections.abc import Callable

import pyarrow as pa

from shortlist.data._storage import is_bytes, is_text

__all__ = ["type_name"]

_NAMES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (is_text, "text"),
    (is_bytes, "bytes"),
    (pa.types.is_integer, "integers"),
    (pa.types.is_floating, "floating point numbers"),
    (pa.types.is_decimal, "decimal numbers"),
    (pa.types.is_boolean, "true or false"),
    (pa.types.is_date, "dates"),
    (pa.types.is_timestamp, "times"),
    (pa.types.is_fixed_size_list, "vectors (rank 2)"),
    (pa.types.is_list, "lists"),
    (pa.types.is_large_list, "lists"),
    (pa.types.is_null, "missing in every row"),
)


def type_name(data_type: pa.DataType) -> str:
    """Name what values of an Arrow type are.

    Args:
        data_type: An Arrow type.

    Returns:
        A plural, such as `"integers"`; Arrow's own name for what is rare.

    Example:
        >>> type_name(pa.large_string()), type_name(pa.float64()), type_name(pa.list_(pa.int64(), 2))
        ('text', 'floating point numbers', 'vectors (rank 2)')
    """
    return next((name for fits, name in _NAMES if fits(data_type)), str(data_type))
