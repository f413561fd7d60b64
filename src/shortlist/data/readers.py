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

from shortlist.data.columns import table_from_mapping
from shortlist.errors import DataError

__all__ = ["naming_file", "read_csv", "read_parquet", "read_table"]

# How pandas names an index that has no name when it hands its rows over.
_PANDAS_INDEX = "__index_level_"


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
            f"cannot read interactions from {type(data).__name__}: expected a frame of pandas or polars "
            "(a LazyFrame needs .collect()), an Arrow table, or a mapping of names to arrays."
        )
    try:
        table = pa.table(data)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"the table cannot be read: {error}. Give every column one type.") from error
    return table.select([name for name in table.column_names if not name.startswith(_PANDAS_INDEX)])


@contextmanager
def naming_file(path: str | PathLike[str]) -> Iterator[None]:
    """Put the file's name before the message of a DataError raised inside.

    Args:
        path: The file that is being read.

    Raises:
        DataError: What was raised inside, with the name.
    """
    try:
        yield
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


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
        DataError: The file is missing, a row cannot be read, or a required value is empty.
    """
    parse = pa_csv.ParseOptions(delimiter=delimiter)
    convert = pa_csv.ConvertOptions(column_types=dict(column_types or {}))

    def read(use_threads: bool) -> pa.Table:
        options = pa_csv.ReadOptions(use_threads=use_threads)
        return pa_csv.read_csv(str(path), read_options=options, parse_options=parse, convert_options=convert)

    check_file_exists(path)
    table = _named_rows(path, read)
    with naming_file(path):
        _check_text(table, required)
    return table


def _named_rows(path: str | PathLike[str], read: Callable[[bool], pa.Table]) -> pa.Table:
    try:
        return read(True)
    except pa.ArrowException:
        pass
    try:
        # Arrow knows the number of the bad row only when one thread reads the file from its beginning.
        return read(False)
    except pa.ArrowException as error:
        raise DataError(
            f"{path}: {error}. Rows are counted from 1, the header included. Mend or remove the row, or "
            "read the file yourself with pyarrow.csv and use from_table."
        ) from error


def _check_text(table: pa.Table, required: Sequence[str]) -> None:
    for name in table.column_names:
        # Arrow guesses bytes where a value is not valid UTF-8.
        if pa.types.is_binary(table[name].type):
            raise DataError(f"column {name!r} is not text in UTF-8. Convert the file to UTF-8 first.")
    for name in set(required).intersection(table.column_names):
        row = pc.index(table[name], pa.scalar("", table[name].type)).as_py()
        if row >= 0:
            raise DataError(f"column {name!r}: the value of row {row} (counted from 0, no header) is empty.")


def read_parquet(path: str | PathLike[str]) -> pa.Table:
    """Read a Parquet file, or a directory of them.

    Args:
        path: The file or directory.

    Returns:
        All rows and columns.

    Raises:
        DataError: The file is missing, truncated, or not Parquet.
    """
    check_file_exists(path)
    try:
        return pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{path}: this is no whole Parquet file ({error}). Write or copy it again."
        ) from error


def check_file_exists(path: str | PathLike[str]) -> None:
    """Raise when there is no such file.

    Args:
        path: The file asked for.

    Raises:
        DataError: There is none; the message gives the absolute path.
    """
    if not Path(path).exists():
        raise DataError(f"there is no file {path} (looked for at {Path(path).absolute()}).")
