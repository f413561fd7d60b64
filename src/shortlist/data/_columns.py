"""Values to Arrow columns, and Arrow columns to NumPy arrays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from shortlist.errors import DataError
from shortlist.ids import encode_ids, is_bytes, is_text, to_plain

__all__ = ["lists_from_mask", "table_from_mapping", "to_numpy"]


def table_from_mapping(values: Mapping[str, Any]) -> pa.Table:
    """Build a table from named arrays.

    Args:
        values: One array, list or series of N values for each column; an array [N, D] gives vectors.

    Returns:
        A table of N rows.

    Raises:
        DataError: A column has the wrong rank, mixed values, or another length than the others.

    Example:
        >>> table_from_mapping({"user": ["ann", "bob"], "age": np.array([30, 41])}).num_rows
        2
    """
    columns = {name: _to_arrow(name, column) for name, column in values.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"columns differ in length: {lengths}. Every column needs one value for each row.")
    return pa.table(columns)


def _to_arrow(name: str, values: Any) -> pa.Array | pa.ChunkedArray:
    if hasattr(values, "__arrow_c_stream__"):
        return pa.chunked_array(values)
    if hasattr(values, "__array__"):
        values = np.asarray(values)
    _check_rank(name, values)
    try:
        if getattr(values, "ndim", 1) == 2:
            return _vectors(values)
        # Among objects NaN stands for a missing value; among floats it stays the number that it is.
        is_objects = isinstance(values, np.ndarray) and values.dtype.kind == "O"
        return pa.array(values, from_pandas=is_objects)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(
            f"column {name!r}: the values cannot be read as one type ({error}). "
            "Give an array of numbers, text or bytes, or lists of them."
        ) from error


def _check_rank(name: str, values: Any) -> None:
    is_scalar = isinstance(values, str | bytes) or not hasattr(values, "__len__")
    rank = 0 if is_scalar else getattr(values, "ndim", 1)
    if rank not in (1, 2):
        shape = getattr(values, "shape", ())
        raise DataError(
            f"column {name!r}: rank {rank}, shape {tuple(shape)}; expected one value for each row (rank 1) "
            "or one vector for each row (rank 2)."
        )


def _vectors(values: np.ndarray) -> pa.Array:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def lists_from_mask(mask: np.ndarray, names: Sequence[str]) -> pa.ListArray:
    """Turn flags into lists of names.

    Args:
        mask: bool [N, num_names].
        names: What each column of the mask stands for.

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
    """Return a column as a NumPy array.

    Args:
        column: N values.
        name: The column's name, for the error.

    Returns:
        object [N] for str, bytes (None where missing) and lists (each an array); [N, D] for vectors of one
        size; otherwise the column's own number type. Missing numbers are NaN, and integers with missing
        values become float64.

    Raises:
        DataError: Integers with missing values that float64 cannot hold exactly.

    Example:
        >>> to_numpy(pa.chunked_array([["a", None]]), "title").tolist()
        ['a', None]
    """
    column = to_plain(column)
    if is_text(column.type) or is_bytes(column.type):
        return _shared_objects(column)
    if pa.types.is_fixed_size_list(column.type) and not column.null_count:
        return _matrix(column)
    if pa.types.is_integer(column.type) and column.null_count:
        column = _exact_floats(column, name)
    return column.to_numpy()


def _shared_objects(column: pa.ChunkedArray) -> np.ndarray:
    # Each distinct value becomes one Python object, however many rows hold it: 10 M ids take 80 MB, not 600.
    if column.null_count or not len(column):
        return np.asarray(column.to_numpy(), dtype=object)
    codes, values = encode_ids(column)
    return values[codes]


def _matrix(column: pa.ChunkedArray) -> np.ndarray:
    values = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    return np.concatenate(values).reshape(len(column), column.type.list_size)


def _exact_floats(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        return column.cast(pa.float64())
    except pa.ArrowInvalid as error:
        raise DataError(
            f"column {name!r}: integers with missing values are returned as float64, which cannot hold "
            f"these exactly ({error}). Fill in the missing values first."
        ) from error
