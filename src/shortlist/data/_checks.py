"""What makes a table a table of interactions."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shortlist.errors import ArgumentError, DataError, must
from shortlist.ids import arrow_id_kind, type_name

__all__ = [
    "check_column_exists",
    "check_ids",
    "check_interactions",
    "check_names",
    "check_rows",
    "row_name",
]


def row_name(position: int) -> str:
    """Name a row in a message, counted from 1 after the header, as spreadsheets do.

    Example:
        >>> row_name(0)
        'row 1 (counted from 1, after the header)'
    """
    return f"row {position + 1} (counted from 1, after the header)"


def check_names(table: pa.Table, roles: Sequence[str]) -> None:
    """Raise when the columns that play a role are not in the table exactly once.

    Args:
        table: Any table.
        roles: The columns asked for.

    Raises:
        DataError: A column is unknown, or its name is there twice, or one column plays two roles.
    """
    repeated = [name for name, count in Counter(table.column_names).items() if count > 1]
    if repeated:
        raise DataError(f"column names are there more than once: {repeated}. Rename them first.")
    for role in roles:
        check_column_exists(table, role)
    if len(set(roles)) < len(roles):
        raise DataError(f"one column plays two roles: {list(roles)}. Name a column of its own for each.")


def check_column_exists(table: pa.Table, name: str) -> None:
    """Raise when a table lacks a column.

    Args:
        table: Any table.
        name: The column asked for.

    Raises:
        DataError: The column is unknown; the message lists those there are.
    """
    if name not in table.column_names:
        raise DataError(f"there is no column {name!r}; the columns are {table.column_names}.")


def check_interactions(
    table: pa.Table,
    user: str,
    item: str,
    rating: str | None,
    timestamp: str | None,
    *,
    first_row: int = 0,
) -> None:
    """Raise when a table cannot be trusted as interactions.

    Args:
        table: The table, its ids brought to their kinds.
        user: The column of user ids.
        item: The column of item ids.
        rating: The column of ratings, if there is one.
        timestamp: The column of times, if there is one.
        first_row: The number of the table's first row where the table is a part of a file, counted from 0.

    Raises:
        DataError: No rows, an unknown column, a missing id, or a rating or time that is not a finite number.
    """
    check_names(table, [role for role in (user, item, rating, timestamp) if role is not None])
    if not table.num_rows:
        raise DataError("the data is empty: expected at least one interaction.")
    for name in (user, item):
        check_ids(table[name], name, first_row)
    if rating is not None:
        _check_rating(table[rating], rating, first_row)
    if timestamp is not None:
        _check_timestamp(table[timestamp], timestamp, first_row)


def check_ids(column: pa.ChunkedArray, name: str, first_row: int = 0) -> None:
    """Check that a column holds one id in every row.

    Args:
        column: A column that `to_id_column` returned.
        name: Name of the column, for the error.
        first_row: Number of the column's first row in its file, counted from 0.

    Raises:
        DataError: If the values are not ids, or an id is missing.
    """
    if arrow_id_kind(column.type) is None:
        raise DataError(
            must(
                f"column {name!r}",
                "hold one id per row, text, bytes or integers",
                got=type_name(column.type),
                fix=_fix_ids(column.type, name),
            )
        )
    if column.null_count:
        row = pc.index(column.is_null(), True).as_py()
        got = f"{column.null_count} missing ids, the first in {row_name(first_row + row)}"
        fix = "Drop such rows or give them an id"
        raise DataError(must(f"column {name!r}", "hold an id in every row", got=got, fix=fix))


def _fix_ids(data_type: pa.DataType, name: str) -> str:
    if pa.types.is_floating(data_type):
        return (
            f"Cast them, as in df[{name!r}].astype('int64'), after dropping rows without an id: pandas makes "
            "floats of integers when some are missing, and a float cannot hold every integer"
        )
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        return f"Give each id a row of its own, as in df.explode({name!r})"
    if pa.types.is_fixed_size_list(data_type):
        return "Give an array of rank 1, such as ids[:, 0] or ids.reshape(-1)"
    return "Cast them to text or to int64"


def _check_rating(column: pa.ChunkedArray, name: str, first_row: int) -> None:
    if not _is_number(column.type):
        raise DataError(
            f"column {name!r}: ratings are {type_name(column.type)}, expected numbers. Cast them first."
        )
    _check_finite(column, name, first_row)


def _check_timestamp(column: pa.ChunkedArray, name: str, first_row: int) -> None:
    is_time = pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)
    if not (is_time or _is_number(column.type)):
        raise DataError(
            f"column {name!r}: timestamps are {type_name(column.type)}, expected numbers, "
            "such as seconds since 1970, or times. Cast them first."
        )
    _check_finite(column, name, first_row)


def _is_number(data_type: pa.DataType) -> bool:
    return pa.types.is_integer(data_type) or pa.types.is_floating(data_type)


def _check_finite(column: pa.ChunkedArray, name: str, first_row: int) -> None:
    is_bad = pc.is_null(column, nan_is_null=True)
    if pa.types.is_floating(column.type):
        is_bad = pc.or_kleene(is_bad, pc.is_inf(column))
    row = pc.index(is_bad, True).as_py()
    if row >= 0:
        value = column[row].as_py()
        came = "missing" if value is None else value
        raise DataError(
            f"column {name!r}: the value of {row_name(first_row + row)} is {came}, expected a finite number. "
            "Drop such rows or fill them in."
        )


def check_rows(rows: np.ndarray, num_rows: int) -> None:
    """Raise when an array does not choose rows of a table.

    Args:
        rows: Row numbers, int [M], or a mask, bool [N].
        num_rows: How many rows the table has.

    Raises:
        ArgumentError: The rows are neither, or lie outside.
    """
    if rows.ndim != 1 or rows.dtype.kind not in "iub":
        raise ArgumentError(
            f"rows are {rows.dtype} of shape {rows.shape}, "
            "expected row numbers (int, rank 1) or a mask (bool)."
        )
    if rows.dtype == bool and len(rows) != num_rows:
        raise ArgumentError(f"the mask has {len(rows)} values, expected one for each of the {num_rows} rows.")
    if rows.dtype != bool and rows.size and not 0 <= rows.min() <= rows.max() < num_rows:
        raise ArgumentError(
            f"row numbers run from {rows.min()} to {rows.max()}, expected 0 to {num_rows - 1}."
        )
