"""Checks that make a table a table of interactions."""

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
    """Check that each column with a role is in the table exactly once.

    Raises:
        DataError: If a column is unknown, a column name is repeated, or one column has two roles.
    """
    repeated = [name for name, count in Counter(table.column_names).items() if count > 1]
    if repeated:
        fix = "Rename them first"
        raise DataError(must("column names", "be distinct", got=f"{repeated} more than once", fix=fix))
    for role in roles:
        check_column_exists(table, role)
    if len(set(roles)) < len(roles):
        raise DataError(must("each role", "have a column of its own", got=list(roles)))


def check_column_exists(table: pa.Table, name: str) -> None:
    """Check that a table has a column.

    Raises:
        DataError: If it does not; the message lists the columns.
    """
    if name not in table.column_names:
        raise DataError(must("the data", f"have the column {name!r}", got=f"columns {table.column_names}"))


def check_interactions(
    table: pa.Table,
    user: str,
    item: str,
    rating: str | None,
    timestamp: str | None,
    *,
    first_row: int = 0,
) -> None:
    """Check that a table holds interactions.

    Args:
        table: Table with ids that `to_id_column` returned.
        user: Column of user ids.
        item: Column of item ids.
        rating: Column of ratings, if there is one.
        timestamp: Column of times, if there is one.
        first_row: Number of the table's first row in its file, counted from 0.

    Raises:
        DataError: If there are no rows, a column is unknown, an id is missing, or a rating or time is not a
            finite number.
    """
    check_names(table, [role for role in (user, item, rating, timestamp) if role is not None])
    if not table.num_rows:
        raise DataError(must("the data", "hold at least one interaction", got="an empty table"))
    for name in (user, item):
        check_ids(table[name], name, first_row)
    if rating is not None:
        _check_numbers(table[rating], rating, "ratings that are numbers", False, first_row)
    if timestamp is not None:
        requirement = "times, or numbers such as seconds since 1970"
        _check_numbers(table[timestamp], timestamp, requirement, True, first_row)


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
        requirement = "hold one id per row, text, bytes or integers"
        got, fix = type_name(column.type), _fix_ids(column.type, name)
        raise DataError(must(f"column {name!r}", requirement, got=got, fix=fix))
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


def _check_numbers(column: pa.ChunkedArray, name: str, expected: str, or_time: bool, first_row: int) -> None:
    is_time = or_time and (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type))
    if not (is_time or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        fix = "Cast them first"
        raise DataError(must(f"column {name!r}", f"hold {expected}", got=type_name(column.type), fix=fix))
    is_bad = pc.is_null(column, nan_is_null=True)
    if pa.types.is_floating(column.type):
        is_bad = pc.or_kleene(is_bad, pc.is_inf(column))
    row = pc.index(is_bad, True).as_py()
    if row >= 0:
        value = column[row].as_py()
        got = f"{'none' if value is None else value} in {row_name(first_row + row)}"
        fix = "Fill in or drop such rows"
        raise DataError(must(f"column {name!r}", "hold finite values", got=got, fix=fix))


def check_rows(rows: np.ndarray, num_rows: int) -> None:
    """Check that an array selects rows of a table.

    Args:
        rows: Row numbers, int `[M]`, or a mask, bool `[N]`.
        num_rows: Number of rows of the table.

    Raises:
        ArgumentError: If it has another type or shape, or a row is out of range.
    """
    if rows.ndim != 1 or rows.dtype.kind not in "iub":
        requirement = "be row numbers or a mask, int or bool of rank 1"
        raise ArgumentError(must("rows", requirement, got=f"{rows.dtype} of shape {rows.shape}"))
    if rows.dtype == bool and len(rows) != num_rows:
        requirement = f"have one value for each of the {num_rows} rows"
        raise ArgumentError(must("the mask", requirement, got=len(rows)))
    if rows.dtype != bool and rows.size and not 0 <= rows.min() <= rows.max() < num_rows:
        requirement = f"be row numbers from 0 to {num_rows - 1}"
        raise ArgumentError(must("rows", requirement, got=f"{rows.min()} to {rows.max()}"))
