"""Interactions that stay in their files and are read part by part."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, final

import pyarrow as pa
from tqdm import tqdm

from shortlist.data._checks import check_column_exists, check_interactions, check_names, row_name
from shortlist.data._csv_format import CsvFormat
from shortlist.data._file_lists import Paths, is_parquet, list_files
from shortlist.data._readers import check_file_exists, naming
from shortlist.data._streams import csv_columns, parquet_columns, stream_csv, stream_parquet
from shortlist.errors import DataError, FeatureError
from shortlist.ids import arrow_id_kind, to_id_column

__all__ = ["InteractionFiles"]

T = TypeVar("T")
# A bar for what is done in a moment only flickers.
_SECONDS_BEFORE_PROGRESS = 1.0


@final
class InteractionFiles:
    r"""Parquet or CSV files in which every row says that a user met an item; they may be larger than memory.

    What `Interactions` promises is checked here when a row is read. `FeatureSpec.fit` learns from the files
    in one pass. `TwoTower.fit` and `evaluate` encode them once into numbers on the disk and read their
    batches from there; memory holds the vocabularies and some megabytes, never the rows.

    Args:
        paths: A file, a folder (all Parquet and CSV files in it and below), or a pattern such as
            `"events/*.parquet"`; or a list of these. All have the columns with a role; the name of a folder,
            such as `day=7`, is no column.
        user: The name of the column of user ids.
        item: The name of the column of item ids.
        rating: The name of the column of ratings.
        timestamp: The name of the column of times: numbers or Arrow times.
        csv: How CSV files are to be read.
        cache: A folder, made when missing, that keeps the encoded rows for later trainings, also in other
            processes; they are used again while files, columns and vocabularies are the same, and are yours
            to delete. When None, the encoded rows are in the folder for temporary files (`TMPDIR`) and gone
            with the training.

    Raises:
        DataError: There is no file, or the first lacks a column.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for day, item in ((1, "Up"), (2, "Heat")):
        ...     _ = (folder / f"day{day}.csv").write_text(f"user,item\nann,{item}\nbob,{item}\n")
        >>> events = InteractionFiles(folder, user="user", item="item")
        >>> events
        InteractionFiles(2 files, columns=['user', 'item'])
        >>> [part["item"].to_pylist() for part in events.parts(["item"])]
        [['Up', 'Up'], ['Heat', 'Heat']]
    """

    def __init__(
        self,
        paths: Paths,
        *,
        user: str,
        item: str,
        rating: str | None = None,
        timestamp: str | None = None,
        csv: CsvFormat | None = None,
        cache: str | os.PathLike[str] | None = None,
    ) -> None:
        self.user, self.item, self.rating, self.timestamp = user, item, rating, timestamp
        self.csv = CsvFormat() if csv is None else csv
        self.cache = None if cache is None else Path(cache)
        self.files = list_files(paths)
        self._column_names = self._columns_of(self.files[0], [])

    @property
    def column_names(self) -> list[str]:
        """The names of the columns of the first file, those with a role included."""
        return list(self._column_names)

    def parts(self, columns: Sequence[str] = ()) -> Iterator[pa.Table]:
        """Read the files part by part, in their order.

        Args:
            columns: Further columns; those with a role are always read, and checked.

        Yields:
            Tables of a megabyte or less, ids brought to their kinds.

        Raises:
            DataError: A file is missing or damaged, lacks a column or holds a bad value; or none has rows.
        """
        return self.map(lambda part: part, columns)

    def map(
        self, function: Callable[[pa.Table], T], columns: Sequence[str] = (), *, progress: str | None = None
    ) -> Iterator[T]:
        """Apply a function to each part; its failures name the file and the rows.

        Args:
            function: Takes a part.
            columns: As in `parts`.
            progress: What is being done, next to a bar on the terminal; None for no bar.

        Yields:
            What the function returned.

        Raises:
            DataError: As in `parts`, or what the function raised.
            FeatureError: What the function raised.
        """
        with tqdm(
            desc=progress,
            unit=" rows",
            unit_scale=True,
            delay=_SECONDS_BEFORE_PROGRESS,
            disable=None if progress else True,  # None: only where somebody watches
        ) as bar:
            for path, first_row, part in self._checked_parts(columns):
                with _naming_rows(path, first_row, part.num_rows):
                    result = function(part)
                bar.update(part.num_rows)
                yield result

    def state(self) -> list[tuple[str, int, int]]:
        """What tells whether a file has changed: path, bytes and time of the last change of each.

        Raises:
            DataError: A file is missing.
        """
        return [_state(path) for path in self.files]

    def _checked_parts(self, columns: Sequence[str]) -> Iterator[tuple[Path, int, pa.Table]]:
        kinds: dict[str, str | None] = {}
        for path in self.files:
            first_row = 0
            for table in self._read(path, columns):
                part = self._checked(path, first_row, table, kinds)
                yield path, first_row, part
                first_row += part.num_rows
        if not kinds:
            raise DataError(f"{self.files[0]} and the other files hold no rows: expected an interaction.")

    def _read(self, path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
        wanted = list(dict.fromkeys([*self._roles, *columns]))
        self._columns_of(path, wanted)
        tables = stream_parquet(path, wanted) if is_parquet(path) else self._read_csv(path, wanted)
        return (table for table in tables if table.num_rows)

    def _read_csv(self, path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
        required = (self.user, self.item) if self.csv.id_type == "str" else ()
        types = self.csv.types(self.user, self.item, self.rating)
        return stream_csv(path, columns, delimiter=self.csv.delimiter, column_types=types, required=required)

    def _checked(self, path: Path, first_row: int, table: pa.Table, kinds: dict[str, str | None]) -> pa.Table:
        with naming(path):
            for name in (self.user, self.item):
                table = table.set_column(
                    table.column_names.index(name), name, to_id_column(table[name], name)
                )
            check_interactions(table, self.user, self.item, self.rating, self.timestamp, first_row=first_row)
            for name in (self.user, self.item):
                _check_same_kind(name, arrow_id_kind(table[name].type), kinds)
        return table

    def _columns_of(self, path: Path, wanted: Sequence[str]) -> list[str]:
        names = parquet_columns(path) if is_parquet(path) else csv_columns(path, self.csv.delimiter)
        with naming(path):
            header = pa.schema([(name, pa.null()) for name in names]).empty_table()
            check_names(header, self._roles)
            for name in wanted:
                check_column_exists(header, name)
        return names

    @property
    def _roles(self) -> list[str]:
        return [name for name in (self.user, self.item, self.rating, self.timestamp) if name is not None]

    def __repr__(self) -> str:
        return f"InteractionFiles({len(self.files)} files, columns={self.column_names})"


def _state(path: Path) -> tuple[str, int, int]:
    check_file_exists(path)
    facts = path.stat()
    return str(path), facts.st_size, facts.st_mtime_ns


def _check_same_kind(name: str, kind: str | None, kinds: dict[str, str | None]) -> None:
    if kinds.setdefault(name, kind) != kind:
        raise DataError(
            f"column {name!r}: ids are {kind}, those of the files before are {kinds[name]}. "
            "Write all files with ids of one kind."
        )


@contextmanager
def _naming_rows(path: Path, first_row: int, num_rows: int) -> Iterator[None]:
    try:
        yield
    except (DataError, FeatureError) as error:
        raise type(error)(
            f"{path}, in the {num_rows} rows that begin with {row_name(first_row)} and are counted from 0 "
            f"here: {error}"
        ) from error
