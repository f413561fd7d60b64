"""CSV files: whole or in parts of bounded size; errors name the file, the row and the column."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Literal, TypeVar, final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from shortlist.data._checks import row_name
from shortlist.data._files import check_file_exists, naming, os_errors_as_data_errors
from shortlist.errors import ArgumentError, DataError, must
from shortlist.ids import type_name

__all__ = ["CsvFormat", "csv_columns", "csv_id_type", "read_csv", "stream_csv"]

T = TypeVar("T")

# Arrow reads 32 blocks ahead, and guesses types from the first.
_BLOCK_BYTES = 2**18
_WHOLE = "be a whole CSV file"

_ROW = re.compile(r"\bRow #(\d+)")
_COLUMN = re.compile(r"^In CSV column #(\d+)")
_TYPE = re.compile(r"CSV conversion error to (double|int64): invalid value ('.*')", re.DOTALL)


@final
@dataclass(frozen=True)
class CsvFormat:
    """Describe what a CSV file does not say about itself.

    Args:
        delimiter: One character between values.
        id_type: `"str"` keeps ids as the text in the file ("007" is not "7"); `"int64"` reads integers.
        column_types: Arrow types of features by name. Others are guessed from the first rows of each file
            (256 KiB), so give the type if later rows may differ.

    Raises:
        ArgumentError: If the delimiter is not one character, or `id_type` is unknown.

    Example:
        >>> CsvFormat(delimiter=";", column_types={"age": pa.float64()}).id_type
        'str'
    """

    delimiter: str = ","
    id_type: Literal["str", "int64"] = "str"
    column_types: Mapping[str, pa.DataType] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1:
            raise ArgumentError(must("delimiter", "be one character", got=repr(self.delimiter)))
        csv_id_type(self.id_type)

    def types(self, user: str, item: str, rating: str | None) -> dict[str, pa.DataType]:
        """Return the Arrow types of the columns whose type is not guessed."""
        ids = dict.fromkeys((user, item), csv_id_type(self.id_type))
        return {**self.column_types, **ids, **({rating: pa.float64()} if rating else {})}


def csv_id_type(id_type: str) -> pa.DataType:
    """Return the Arrow type of ids in a CSV file.

    Raises:
        ArgumentError: If `id_type` is neither `"str"` nor `"int64"`.
    """
    if id_type not in ("str", "int64"):
        raise ArgumentError(must("id_type", "be 'str' or 'int64'", got=repr(id_type)))
    return pa.string() if id_type == "str" else pa.int64()


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
        column_types: Types of columns that are not to be guessed.
        required: Text columns in which no row may be empty.

    Returns:
        All rows and columns.

    Raises:
        DataError: If the file is missing, a folder or damaged, a row cannot be read, or a required value is
            empty. Rows are counted from 1 after the header, empty lines not counted.
    """
    parse = pa_csv.ParseOptions(delimiter=delimiter)
    convert = pa_csv.ConvertOptions(column_types=dict(column_types or {}))

    def read(use_threads: bool) -> pa.Table:
        options = pa_csv.ReadOptions(use_threads=use_threads)
        return pa_csv.read_csv(str(path), read_options=options, parse_options=parse, convert_options=convert)

    check_file_exists(path)
    if Path(path).is_dir():
        fix = "Name the file, or make one table of several with pyarrow.concat_tables and use from_table"
        raise DataError(must(str(path), "be one CSV file", got="a folder", fix=fix))
    fix = "Fix or remove the row, or read the file yourself with pyarrow.csv and use from_table"
    with naming(path), os_errors_as_data_errors(_WHOLE):
        with _bad_rows(path, delimiter, lambda: read(False), fix):
            table = read(True)
        _check_text(table, required)
    return table


def csv_columns(path: Path, delimiter: str) -> list[str]:
    """Return the names of the columns of a CSV file.

    Raises:
        DataError: If the file is missing or damaged, or has no header.
    """
    check_file_exists(path)
    with naming(path), os_errors_as_data_errors(_WHOLE):
        names = _header(path, delimiter)
        if not names:
            fix = "Remove it or write it again"
            raise DataError(must("the file", "have a header and rows", got="an empty file", fix=fix))
        return names


def _header(path: str | PathLike[str], delimiter: str) -> list[str]:
    with pa.input_stream(str(path)) as stream:
        lines = csv.reader(io.TextIOWrapper(stream, "utf-8-sig"), delimiter=delimiter)
        return next(lines, [])


def stream_csv(
    path: Path,
    columns: Sequence[str],
    *,
    delimiter: str,
    column_types: Mapping[str, pa.DataType],
    required: Sequence[str] = (),
) -> Iterator[pa.Table]:
    """Read a CSV file with a header in parts.

    Args:
        path: The file; `.gz`, `.bz2` and `.zst` are unpacked while reading.
        columns: Columns to read, all of which exist.
        delimiter: One character between values.
        column_types: Types of columns that are not to be guessed from the first part.
        required: Text columns in which no row may be empty.

    Yields:
        Tables of these columns, of 256 KiB of text each, in the order of the rows.

    Raises:
        DataError: If the file is missing or damaged, a row cannot be read, or a required value is empty.
    """
    parse = pa_csv.ParseOptions(delimiter=delimiter)
    types = {name: column_types[name] for name in columns if name in column_types}
    convert = pa_csv.ConvertOptions(include_columns=list(columns), column_types=types)

    def read(use_threads: bool) -> Iterator[pa.RecordBatch]:
        options = pa_csv.ReadOptions(use_threads=use_threads, block_size=_BLOCK_BYTES)
        with pa_csv.open_csv(
            str(path), read_options=options, parse_options=parse, convert_options=convert
        ) as reader:
            yield from reader

    check_file_exists(path)
    fix = (
        "Fix or remove the row; if the type was guessed from earlier rows, give it: "
        "CsvFormat(column_types={...})"
    )
    with naming(path), os_errors_as_data_errors(_WHOLE):
        first_row = 0
        with _bad_rows(path, delimiter, lambda: list(read(False)), fix):
            for batch in read(True):
                table = pa.Table.from_batches([batch])
                _check_text(table, required, first_row)
                first_row += table.num_rows
                yield table


@contextmanager
def _bad_rows(
    path: str | PathLike[str], delimiter: str, read_again: Callable[[], object], fix: str
) -> Iterator[None]:
    """Read the file again after an error: Arrow knows the number of a bad row only on one thread."""
    try:
        yield
    except pa.ArrowException:
        try:
            read_again()
        except pa.ArrowException as error:
            raise DataError(_message(error, path, delimiter, fix)) from error
        raise


def _message(error: Exception, path: str | PathLike[str], delimiter: str, fix: str) -> str:
    # Arrow counts the header as row 1, and columns from 0.
    text = str(error)
    row, column, kind = (pattern.search(text) for pattern in (_ROW, _COLUMN, _TYPE))
    text = _ROW.sub(lambda found: row_name(int(found[1]) - 2), text)
    if column is None:
        return must("rows", "be readable as CSV", got=text, fix=fix)
    subject = f"column {_header(path, delimiter)[int(column[1])]!r}"
    if kind is None:
        return must(subject, "hold values of one type", got=text, fix=fix)
    got = kind[2] + (f" in {row_name(int(row[1]) - 2)}" if row else "")
    return must(subject, f"hold {type_name(pa.type_for_alias(kind[1]))}", got=got, fix=fix)


def _check_text(table: pa.Table, required: Sequence[str], first_row: int = 0) -> None:
    for name in table.column_names:
        # Arrow guesses bytes if a value is not valid UTF-8.
        if pa.types.is_binary(table[name].type):
            fix = "Convert the file to UTF-8"
            raise DataError(must(f"column {name!r}", "be text in UTF-8", got="other bytes", fix=fix))
    for name in set(required).intersection(table.column_names):
        row = pc.index(table[name], pa.scalar("", table[name].type)).as_py()
        if row >= 0:
            got, fix = f"an empty value in {row_name(first_row + row)}", "Drop such rows or give them an id"
            raise DataError(must(f"column {name!r}", "hold an id in every row", got=got, fix=fix))
