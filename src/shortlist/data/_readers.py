"""Tables from memory and from files; every failure names the file and, where there is one, the row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from shortlist.data._checks import row_name
from shortlist.data._columns import table_from_mapping
from shortlist.data._csv_errors import csv_message
from shortlist.errors import DataError

__all__ = [
    "NO_PARQUET",
    "check_file_exists",
    "check_text",
    "explained_failure",
    "naming",
    "read_csv",
    "read_parquet",
    "read_table",
]

# How pandas names an index that has no name when it hands its rows over.
_PANDAS_INDEX = "__index_level_"
NO_PARQUET = "this is no whole Parquet file"
"""What is wrong with a file that does not read as Parquet."""


def read_table(data: Any) -> pa.Table:
    """Take a table over from memory, without copying where the library allows it.

    Args:
        data: A frame of pandas or polars, an Arrow table, batch or reader (anything with
            `__arrow_c_stream__`), or a mapping of names to arrays.

    Returns:
        The table. An unnamed index of pandas is left out: it is no data.

    Raises:
        DataError: The data is of another type, or a column holds values of mixed types.
    """
    if isinstance(data, Mapping):
        return table_from_mapping(data)
    if not (hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")):
        raise DataError(
            f"cannot read a table from {type(data).__name__}: expected a frame of pandas or polars "
            "(a LazyFrame needs .collect()), an Arrow table, or a mapping of names to arrays."
        )
    try:
        table = pa.table(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        reasons = ": ".join(map(str, error.args))  # pandas columns of several types come with two
        raise DataError(f"the table cannot be read: {reasons}. Give every column one type.") from error
    return table.select([name for name in table.column_names if not name.startswith(_PANDAS_INDEX)])


@contextmanager
def naming(source: str | PathLike[str]) -> Iterator[None]:
    """Put a name before the message of a DataError raised inside.

    Args:
        source: The file that is being read, or the argument.

    Raises:
        DataError: What was raised inside, with the name.
    """
    try:
        yield
    except DataError as error:
        raise DataError(f"{source}: {error}") from error


def read_csv(
    path: str | PathLike[str],
    *,
    delimiter: str = ",",
    column_types: Mapping[str, pa.DataType] | None = None,
    required: Sequence[str] = (),
) -> pa.Table:
    """Read a CSV file with a header.

    Args:
        path: The file; `.gz`, `.bz2` and `.zst` are unpacked while reading.
        delimiter: One character between values.
        column_types: Types of columns whose values shall not be guessed.
        required: Columns of text in which no row may be empty.

    Returns:
        All rows and columns.

    Raises:
        DataError: The file is missing or a folder, or cannot be read as a whole; a row cannot be read, or a
            required value is empty. Rows are counted from 1 after the header, empty lines left out.
    """
    parse = pa_csv.ParseOptions(delimiter=delimiter)
    convert = pa_csv.ConvertOptions(column_types=dict(column_types or {}))

    def read(use_threads: bool) -> pa.Table:
        options = pa_csv.ReadOptions(use_threads=use_threads)
        return pa_csv.read_csv(str(path), read_options=options, parse_options=parse, convert_options=convert)

    _check_is_one_file(path)
    with naming(path), explained_failure("it is damaged or cut off"):
        table = _named_rows(path, delimiter, read)
        check_text(table, required)
    return table


def _named_rows(path: str | PathLike[str], delimiter: str, read: Callable[[bool], pa.Table]) -> pa.Table:
    try:
        return read(True)
    except pa.ArrowException:
        pass
    try:
        # Arrow knows the number of the bad row only when one thread reads the file from its beginning.
        return read(False)
    except pa.ArrowException as error:
        raise DataError(
            f"{csv_message(error, path, delimiter)}. Mend or remove the row, or read the file yourself with "
            "pyarrow.csv and use from_table."
        ) from error


@contextmanager
def explained_failure(reason: str) -> Iterator[None]:
    """Turn what the operating system and the unpackers raise into a DataError.

    Args:
        reason: What is wrong when it is not a lack of permission.

    Raises:
        DataError: In the place of an OSError.
    """
    try:
        yield
    except PermissionError as error:
        raise DataError(
            f"there is no permission to read it ({error}). Ask its owner for it, or copy the file."
        ) from error
    except OSError as error:
        raise DataError(f"{reason} ({error}). Write or copy it again.") from error


def check_text(table: pa.Table, required: Sequence[str], first_row: int = 0) -> None:
    """Raise when a table from a CSV file holds what is no text, or lacks an id.

    Args:
        table: Rows of the file.
        required: Columns of text in which no row may be empty; those that are not there are left alone.
        first_row: The number in the file of the table's first row, counted from 0.

    Raises:
        DataError: A column is not UTF-8, or a required value is empty.
    """
    for name in table.column_names:
        # Arrow guesses bytes where a value is not valid UTF-8.
        if pa.types.is_binary(table[name].type):
            raise DataError(f"column {name!r} is not text in UTF-8. Convert the file to UTF-8 first.")
    for name in set(required).intersection(table.column_names):
        row = pc.index(table[name], pa.scalar("", table[name].type)).as_py()
        if row >= 0:
            raise DataError(
                f"column {name!r}: {row_name(first_row + row)} is empty. Every row needs an id: "
                "drop such rows or give them one."
            )


def read_parquet(path: str | PathLike[str]) -> pa.Table:
    """Read a Parquet file, or a directory of them.

    Args:
        path: The file or directory.

    Returns:
        All rows and columns.

    Raises:
        DataError: The file is missing, truncated, or not Parquet, or the directory holds none.
    """
    check_file_exists(path)
    with naming(path), explained_failure(NO_PARQUET):
        table = _whole_parquet(path)
        if Path(path).is_dir() and not table.num_columns:
            raise DataError("this folder holds no Parquet file. Give a file, or the folder that holds them.")
    return table


def _whole_parquet(path: str | PathLike[str]) -> pa.Table:
    try:
        return pq.read_table(path)
    except pa.ArrowException as error:
        raise DataError(f"{NO_PARQUET} ({error}). Write or copy it again.") from error


def _check_is_one_file(path: str | PathLike[str]) -> None:
    check_file_exists(path)
    if Path(path).is_dir():
        raise DataError(
            f"{path}: this is a folder, expected one CSV file. Name the file; of several make one table with "
            "pyarrow.concat_tables and use from_table."
        )


def check_file_exists(path: str | PathLike[str]) -> None:
    """Raise when there is no such file.

    Args:
        path: The file asked for.

    Raises:
        DataError: There is none; the message gives the absolute path.
    """
    if not Path(path).exists():
        raise DataError(f"there is no file {path} (looked for at {Path(path).absolute()}).")
