"""Files in parts of bounded size; every failure names the file and, where there is one, the row."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from shortlist.data._csv_errors import csv_header, csv_message
from shortlist.data._readers import NO_PARQUET, check_file_exists, check_text, explained_failure, naming
from shortlist.errors import DataError

__all__ = ["csv_columns", "parquet_columns", "stream_csv", "stream_parquet"]

_DAMAGED = "it is damaged or cut off"
_PART_BYTES = 2**20
_MOST_ROWS = 2**14
# Arrow reads 32 blocks ahead, and guesses types from the first.
_CSV_BLOCK_BYTES = 2**18
# Arrow reads a whole column of a row group at once unless it is told to use a buffer.
_PARQUET_BUFFER_BYTES = 2**18


def parquet_columns(path: Path) -> list[str]:
    """The names of the columns of a Parquet file.

    Raises:
        DataError: The file is missing, truncated or not Parquet.
    """
    check_file_exists(path)
    with naming(path), _explained_parquet(), pq.ParquetFile(path) as file:
        return list(file.schema_arrow.names)


def stream_parquet(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Read a Parquet file part by part.

    Args:
        path: The file.
        columns: What to read; each is there.

    Yields:
        Tables of these columns, of a megabyte each or less, in the order of the rows.

    Raises:
        DataError: The file is missing, truncated, damaged or not Parquet.
    """
    check_file_exists(path)
    options = {"buffer_size": _PARQUET_BUFFER_BYTES, "page_checksum_verification": True}
    with naming(path), _explained_parquet(), pq.ParquetFile(path, **options) as file:
        for batch in file.iter_batches(_rows_of_a_part(file.metadata), columns=list(columns)):
            yield pa.Table.from_batches([batch]).select(list(columns))


@contextmanager
def _explained_parquet() -> Iterator[None]:
    with explained_failure(NO_PARQUET):
        try:
            yield
        except pa.ArrowException as error:
            raise DataError(f"{NO_PARQUET} ({error}). Write or copy it again.") from error


def _rows_of_a_part(metadata: Any) -> int:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    bytes_of_a_row = sum(group.total_byte_size for group in groups) // max(1, metadata.num_rows)
    return max(1, min(_MOST_ROWS, _PART_BYTES // max(1, bytes_of_a_row)))


def csv_columns(path: Path, delimiter: str) -> list[str]:
    """The names of the columns of a CSV file.

    Args:
        path: The file.
        delimiter: One character between values.

    Raises:
        DataError: The file is missing, cannot be read, or has no header.
    """
    check_file_exists(path)
    with naming(path), explained_failure(_DAMAGED):
        names = csv_header(path, delimiter)
        if not names:
            raise DataError("the file is empty, expected a header and rows. Remove it or write it again.")
        return names


def stream_csv(
    path: Path,
    columns: Sequence[str],
    *,
    delimiter: str,
    column_types: Mapping[str, pa.DataType],
    required: Sequence[str] = (),
) -> Iterator[pa.Table]:
    """Read a CSV file with a header part by part.

    Args:
        path: The file; `.gz`, `.bz2` and `.zst` are unpacked while reading.
        columns: What to read; each is there.
        delimiter: One character between values.
        column_types: Types of columns whose values shall not be guessed from the first part.
        required: Columns of text in which no row may be empty.

    Yields:
        Tables of these columns, of a quarter of a megabyte of text each, in the order of the rows.

    Raises:
        DataError: The file is missing or damaged, a row cannot be read, or a required value is empty.
    """
    check_file_exists(path)
    read = partial(_csv_batches, path, delimiter, columns, column_types)
    with naming(path), explained_failure(_DAMAGED):
        first_row = 0
        for batch in _named_rows(path, delimiter, read):
            table = pa.Table.from_batches([batch])
            check_text(table, required, first_row)
            first_row += table.num_rows
            yield table


def _csv_batches(
    path: Path,
    delimiter: str,
    columns: Sequence[str],
    types: Mapping[str, pa.DataType],
    use_threads: bool,
) -> Iterator[pa.RecordBatch]:
    convert = pa_csv.ConvertOptions(
        include_columns=list(columns), column_types={name: types[name] for name in columns if name in types}
    )
    with pa_csv.open_csv(
        str(path),
        read_options=pa_csv.ReadOptions(use_threads=use_threads, block_size=_CSV_BLOCK_BYTES),
        parse_options=pa_csv.ParseOptions(delimiter=delimiter),
        convert_options=convert,
    ) as reader:
        yield from reader


def _named_rows(
    path: Path, delimiter: str, read: Callable[[bool], Iterator[pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    try:
        yield from read(True)
    except pa.ArrowException:
        _raise_with_row(path, delimiter, read)
        raise


def _raise_with_row(path: Path, delimiter: str, read: Callable[[bool], Iterator[pa.RecordBatch]]) -> None:
    """Read the file again: Arrow knows the number of the bad row only when one thread reads."""
    try:
        for _ in read(False):
            pass
    except pa.ArrowException as error:
        raise DataError(
            f"{csv_message(error, path, delimiter)}. Mend or remove the row; where the type was guessed from "
            "the rows before, give it: CsvFormat(column_types={...})."
        ) from error
