"""Columns of ids: the three kinds there are, and their numbering."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shortlist.data._rows import row_name
from shortlist.data._storage import is_bytes, is_text, to_plain
from shortlist.data._type_names import type_name
from shortlist.errors import ArgumentError, DataError
from shortlist.typing import ArrayLike

__all__ = ["as_id_list", "check_ids", "encode_ids", "id_kind", "to_id_column"]

_FLOAT_HINT = (
    "Cast them yourself, as in df[{name!r}].astype('int64'): a float cannot hold every integer exactly "
    "(pandas makes floats of integers when some are missing, so drop those rows first)."
)
_PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "bytes": bytes,
    "int64": (int, np.integer),
}
_OTHER_HINT = "Cast them yourself to text or to int64."


def id_kind(data_type: pa.DataType) -> str | None:
    """Name the kind of ids an Arrow type holds, or None when it cannot hold ids.

    Args:
        data_type: An Arrow type.

    Returns:
        `"str"`, `"bytes"`, `"int64"` or None.

    Example:
        >>> id_kind(pa.int64()), id_kind(pa.string()), id_kind(pa.float64())
        ('int64', 'str', None)
    """
    if pa.types.is_int64(data_type):
        return "int64"
    if is_text(data_type):
        return "str"
    return "bytes" if is_bytes(data_type) else None


def to_id_column(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """Bring a column to one of the three kinds of ids without changing any id.

    Narrow integers are widened, dictionaries and views are unpacked; everything else stays as it is, for
    `check_ids` to evaluate.

    Args:
        column: The column as it came.
        name: Its name, for the error.

    Returns:
        The same ids as str, bytes or int64.

    Raises:
        DataError: An unsigned id does not fit into int64.
    """
    column = to_plain(column)
    return _widen(column, name) if pa.types.is_integer(column.type) else column


def _widen(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid as error:
        raise DataError(
            f"column {name!r}: an id does not fit into int64 ({error}). Give such ids as text."
        ) from error


def check_ids(column: pa.ChunkedArray, name: str, first_row: int = 0) -> None:
    """Raise when a column does not hold one id in every row.

    Args:
        column: A column from `to_id_column`.
        name: Its name, for the error.
        first_row: The number of its first row where the column is a part of a file, counted from 0.

    Raises:
        DataError: The column is of another type, or an id is missing.
    """
    if id_kind(column.type) is None:
        hint = _FLOAT_HINT.format(name=name) if pa.types.is_floating(column.type) else _OTHER_HINT
        raise DataError(
            f"column {name!r}: ids are {type_name(column.type)}, expected text, bytes or integers, "
            f"one for each row. {hint}"
        )
    if column.null_count:
        row = pc.index(column.is_null(), True).as_py()
        raise DataError(
            f"column {name!r}: {column.null_count} ids are missing, the first in "
            f"{row_name(first_row + row)}. Every row needs an id: drop those rows or give them one."
        )


def encode_ids(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct ids of a column by their first appearance.

    Args:
        column: Ids, N rows.

    Returns:
        codes: int32 [N], the number of each row's id.
        ids: The distinct ids [num_ids], object (str, bytes) or int64.

    Example:
        >>> codes, ids = encode_ids(pa.chunked_array([["b", "a", "b"]]))
        >>> codes.tolist(), ids.tolist()
        ([0, 1, 0], ['b', 'a'])
    """
    encoded: Any = column.dictionary_encode().unify_dictionaries()
    codes = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    ids = encoded.chunk(0).dictionary.to_numpy(zero_copy_only=False)
    return np.concatenate(codes), ids


def as_id_list(ids: ArrayLike, kind: str, name: str) -> list[Any]:
    """Bring ids that were asked for to a list, and make sure that they can be compared with ids of a kind.

    Args:
        ids: [B], an array or a list.
        kind: `"str"`, `"bytes"` or `"int64"`.
        name: The argument's name, for the error.

    Returns:
        The B ids.

    Raises:
        ArgumentError: The ids are of another rank or kind.

    Example:
        >>> as_id_list(np.array([3, 5]), "int64", "user_ids")
        [3, 5]
    """
    array = np.asarray(ids)
    if array.ndim != 1:
        raise ArgumentError(f"{name}: shape {array.shape}, expected one id for each row (rank 1).")
    values: list[Any] = array.tolist()
    wrong = [kind_ for kind_ in set(map(type, values)) if not issubclass(kind_, _PYTHON_TYPES[kind])]
    if wrong:
        raise ArgumentError(f"{name}: ids are {wrong[0].__name__}, expected {kind} as in the interactions.")
    return values
