"""Parquet files: whole or in parts of bounded size; errors name the file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shortlist.data._files import check_file_exists, naming, os_errors_as_data_errors
from shortlist.errors import DataError, must

__all__ = ["parquet_columns", "read_parquet", "stream_parquet"]

_PART_BYTES = 2**20
_MAX_ROWS = 2**14
# Arrow reads a whole column of a row group at once unless it is told to use a buffer.
_BUFFER_BYTES = 2**18


def read_parquet(path: str | PathLike[str]) -> pa.Table:
    """Read a Parquet file, or a folder of them.

    Raises:
        DataError: If the file is missing, truncated or not Parquet, or the folder holds none.
    """
    check_file_exists(path)
    with _explained(path):
        table = pq.read_table(path)
        if Path(path).is_dir() and not table.num_columns:
            fix = "Give a file, or the folder that holds them"
            raise DataError(must("the folder", "hold Parquet files", got="none", fix=fix))
        return table


def parquet_columns(path: Path) -> list[str]:
    """Return the names of the columns of a Parquet file.

    Raises:
        DataError: If the file is missing, truncated or not Parquet.
    """
    check_file_exists(path)
    with _explained(path), pq.ParquetFile(path) as file:
        return list(file.schema_arrow.names)


def stream_parquet(path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    """Read a Parquet file in parts.

    Args:
        path: The file.
        columns: Columns to read, all of which exist.

    Yields:
        Tables of these columns, of at most 1 MiB each, in the order of the rows.

    Raises:
        DataError: If the file is missing, truncated, damaged or not Parquet.
    """
    check_file_exists(path)
    options = {"buffer_size": _BUFFER_BYTES, "page_checksum_verification": True}
    with _explained(path), pq.ParquetFile(path, **options) as file:
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        row_bytes = sum(group.total_byte_size for group in groups) // max(1, file.metadata.num_rows)
        num_rows = max(1, min(_MAX_ROWS, _PART_BYTES // max(1, row_bytes)))
        for batch in file.iter_batches(num_rows, columns=list(columns)):
            yield pa.Table.from_batches([batch]).select(list(columns))


@contextmanager
def _explained(path: str | PathLike[str]) -> Iterator[None]:
    requirement = "be a whole Parquet file"
    with naming(path), os_errors_as_data_errors(requirement):
        try:
            yield
        except pa.ArrowException as error:
            raise DataError(must("the file", requirement, got=error, fix="Write or copy it again")) from error
