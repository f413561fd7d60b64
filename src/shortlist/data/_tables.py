"""Tables from memory as Arrow tables, and Arrow columns as NumPy arrays."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from shortlist.errors import DataError, must
from shortlist.ids import encode_ids, is_bytes, is_text, to_plain

__all__ = ["lists_from_mask", "read_table", "to_numpy"]

# How pandas names an unnamed index when it hands its rows over.
_PANDAS_INDEX = "__index_level_"


def read_table(data: Any) -> pa.Table:
    """Convert a table in memory to Arrow, without copying where the library allows it.

    Args:
        data: pandas or polars frame, Arrow table, batch or reader (anything with `__arrow_c_stream__`), or
            mapping of names to arrays of N values; an array `[N, D]` gives vectors.

    Returns:
        All columns; an unnamed index of pandas is dropped.

    Raises:
        DataError: If the data has another type, or a column has another length or rank, or mixed types.

    Example:
        >>> read_table({"user": ["ann", "bob"], "age": np.array([30, 41])}).num_rows
        2
    """
    if isinstance(data, Mapping):
        columns = {name: _to_arrow(name, column) for name, column in data.items()}
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise DataError(must("columns", "have the same length", got=lengths))
        return pa.table(columns)
    if not (hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")):
        requirement = "be a pandas or polars frame, an Arrow table, or a mapping of names to arrays"
        fix = "Call .collect() on a LazyFrame"
        raise DataError(must("data", requirement, got=type(data).__name__, fix=fix))
    _check_no_objects(data)
    try:
        table = pa.table(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        for name in getattr(data, "columns", ()):
            _to_arrow(name, data[name])  # names the column
        raise DataError(must("data", "be readable as an Arrow table", got=error)) from error
    return table.select([name for name in table.column_names if not name.startswith(_PANDAS_INDEX)])


def _check_no_objects(data: Any) -> None:
    # polars hands Python objects over as pointers, which look like ids of 8 bytes.
    schema = getattr(data, "schema", None)
    for name, dtype in schema.items() if isinstance(schema, Mapping) else ():
        if str(dtype) == "Object":
            raise _mixed_types(name, data[name], None)


def _to_arrow(name: str, values: Any) -> pa.Array | pa.ChunkedArray:
    is_arrow = hasattr(values, "__arrow_c_stream__")
    if not is_arrow:
        values = np.asarray(values) if hasattr(values, "__array__") else values
        _check_rank(name, values)
    try:
        if is_arrow:
            return pa.chunked_array(values)
        if getattr(values, "ndim", 1) == 2:
            return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
        # Among objects NaN stands for a missing value; among floats it stays the number that it is.
        is_objects = isinstance(values, np.ndarray) and values.dtype.kind == "O"
        column = pa.array(values, from_pandas=is_objects)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise _mixed_types(name, values, error) from error
    if pa.types.is_binary(column.type) and any(isinstance(value, str) for value in values):
        raise _mixed_types(name, values, None)  # Arrow would make bytes of the text
    return column


def _check_rank(name: str, values: Any) -> None:
    is_scalar = isinstance(values, str | bytes) or not hasattr(values, "__len__")
    rank = 0 if is_scalar else getattr(values, "ndim", 1)
    if rank not in (1, 2):
        requirement = "hold one value (rank 1) or one vector (rank 2) per row"
        got = f"rank {rank}, shape {tuple(getattr(values, 'shape', ()))}"
        raise DataError(must(f"column {name!r}", requirement, got=got))


def _mixed_types(name: str, values: Iterable[Any], error: Exception | None) -> DataError:
    """Return the error for values of several types, with the first value of each."""
    entries, of = [value for value in values if value is not None], ""
    if entries and all(isinstance(value, list | tuple) for value in entries):
        entries, of = [entry for row in entries for entry in row if entry is not None], "lists of "
    first: dict[str, Any] = {}
    for entry in entries:
        first.setdefault(type(entry).__name__, entry)
    got: Any = of + " and ".join(f"{kind} such as {value!r}" for kind, value in first.items())
    if first.keys() & {"list", "tuple", "ndarray"}:
        fix = "Give lists in every row, or one value in every row (DataFrame.explode)"
    else:
        fix = "Convert all of them to one type, such as [str(value) for value in values]"
    if len(first) < 2:
        got = error if error is not None else got
    return DataError(must(f"column {name!r}", "hold values of one type", got=got, fix=fix))


def lists_from_mask(mask: np.ndarray, names: Sequence[str]) -> pa.ListArray:
    """Convert flags to lists of names.

    Args:
        mask: bool `[N, num_names]`.
        names: Name of each column of the mask.

    Returns:
        N lists, each in the order of `names`.

    Example:
        >>> lists_from_mask(np.array([[True, True], [False, True]]), ["Drama", "War"]).to_pylist()
        [['Drama', 'War'], ['War']]
    """
    ends = np.cumsum(mask.sum(axis=1))
    offsets = pa.array(np.concatenate([[0], ends]), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(names).take(pa.array(np.nonzero(mask)[1])))


def to_numpy(column: pa.ChunkedArray, name: str) -> np.ndarray:
    """Convert a column to a NumPy array.

    Args:
        column: N values.
        name: Name of the column, for the error.

    Returns:
        object `[N]` for text, bytes (None if missing) and lists (arrays); `[N, D]` for vectors of one size;
        otherwise the number type of the column. Missing numbers are NaN, and integers with missing values
        become float64.

    Raises:
        DataError: If float64 cannot hold integers with missing values exactly.

    Example:
        >>> to_numpy(pa.chunked_array([["a", None]]), "title").tolist()
        ['a', None]
    """
    column = to_plain(column)
    if is_text(column.type) or is_bytes(column.type):
        if column.null_count or not len(column):
            return np.asarray(column.to_numpy(), dtype=object)
        # One Python object per distinct value, however many rows hold it: 10 M ids take 80 MB, not 600.
        codes, values = encode_ids(column)
        return values[codes]
    if pa.types.is_fixed_size_list(column.type) and not column.null_count:
        flat = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
        return np.concatenate(flat).reshape(len(column), column.type.list_size)
    if pa.types.is_integer(column.type) and column.null_count:
        try:
            column = column.cast(pa.float64())
        except pa.ArrowInvalid as error:
            requirement = "hold integers that float64 can hold exactly, because values are missing"
            fix = "Fill in the missing values first"
            raise DataError(must(f"column {name!r}", requirement, got=error, fix=fix)) from error
    return column.to_numpy()
