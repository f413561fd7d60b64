"""Arrow's messages about CSV files, with the column by its name and the row as every message counts rows."""

import csv
import io
import re
from os import PathLike

import pyarrow as pa

from shortlist.data._checks import row_name
from shortlist.ids import type_name

__all__ = ["csv_header", "csv_message"]

_ROW = re.compile(r"\bRow #(\d+)")
_COLUMN = re.compile(r"^In CSV column #(\d+)")
_TYPE = re.compile(r"CSV conversion error to (double|int64): invalid value ('.*')", re.DOTALL)


def csv_message(error: Exception, path: str | PathLike[str], delimiter: str) -> str:
    """Say what Arrow says in the words of the file.

    Args:
        error: What Arrow raised.
        path: The file; its header is read for the name of the column.
        delimiter: One character between values.

    Returns:
        The message, such as `"column 'stars': row 2 (counted from 1, after the header): got 'good', ..."`.
    """
    # Arrow counts the header as row 1, and columns from 0.
    message = _ROW.sub(lambda found: row_name(int(found[1]) - 2), str(error))
    message = _TYPE.sub(_expected, message)
    column = _COLUMN.match(message)
    if column is None:
        return message
    return f"column {csv_header(path, delimiter)[int(column[1])]!r}{message[column.end() :]}"


def _expected(found: re.Match[str]) -> str:
    return f"got {found[2]}, expected {type_name(pa.type_for_alias(found[1]))}"


def csv_header(path: str | PathLike[str], delimiter: str) -> list[str]:
    """The names in the first line of a CSV file; none where there is no line.

    Args:
        path: The file; `.gz`, `.bz2` and `.zst` are unpacked.
        delimiter: One character between values.
    """
    with pa.input_stream(str(path)) as stream:
        lines = csv.reader(io.TextIOWrapper(stream, "utf-8-sig"), delimiter=delimiter)
        return next(lines, [])
