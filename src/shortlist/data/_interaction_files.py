"""Interactions that stay in their files and are read in parts."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar, final

import pyarrow as pa
from tqdm import tqdm

from shortlist.data._checks import check_column_exists, check_interactions, check_names, row_name
from shortlist.data._csv import CsvFormat, csv_columns, stream_csv
from shortlist.data._files import Paths, check_file_exists, is_parquet, list_files, naming
from shortlist.data._parquet import parquet_columns, stream_parquet
from shortlist.errors import DataError, FeatureError, must
from shortlist.ids import arrow_id_kind, to_id_column

__all__ = ["InteractionFiles"]

T = TypeVar("T")

_SECONDS_BEFORE_PROGRESS = 1.0  # a bar for shorter work only flickers


@final
class InteractionFiles:
    r"""Parquet or CSV files of interactions, which may be larger than memory.

    Rows are checked like those of `Interactions` when they are read. `FeatureSpec.fit` reads the files once.
    `TwoTower.fit` and `evaluate` encode them to disk once and read batches from there; memory holds the
    vocabularies and a few megabytes, never all rows.

    Args:
        paths: File, folder (all Parquet and CSV files in and below it) or pattern such as
            `"events/*.parquet"`; or a list of these. All must have the columns named below; folder names
            such as `day=7` are not columns.
        user: Column of user ids.
        item: Column of item ids.
        rating: Column of ratings.
        timestamp: Column of times: numbers or Arrow times.
        csv: Format of CSV files.
        cache: Folder that keeps the encoded rows for later runs, also of other processes; created if missing.
            They are reused while files, columns and vocabularies are the same, and never deleted.
            If None, the encoded rows are in the folder for temporary files (`TMPDIR`) and deleted after
            training.

    Raises:
        DataError: If there is no file, or the first lacks a column.

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
        """Names of all columns of the first file."""
        return list(self._column_names)

    def parts(self, columns: Sequence[str] = ()) -> Iterator[pa.Table]:
        """Read the files in parts, in their order.

        Args:
            columns: Further columns; those named in the constructor are always read and checked.

        Yields:
            Tables of at most 1 MiB, with ids as str, bytes or int64.

        Raises:
            DataError: If a file is missing or damaged, lacks a column or holds a bad value, or there are no
                rows.
        """
        return self.map(lambda part: part, columns)

    def map(
        self, function: Callable[[pa.Table], T], columns: Sequence[str] = (), *, progress: str | None = None
    ) -> Iterator[T]:
        """Apply a function to each part; its errors name the file and the rows.

        Args:
            function: Takes a part.
            columns: As in `parts`.
            progress: Label of a progress bar on the terminal; None for no bar.

        Yields:
            Result of the function.

        Raises:
            DataError: As in `parts`, or if the function raises it.
            FeatureError: If the function raises it.
        """
        with tqdm(
            desc=progress,
            unit=" rows",
            unit_scale=True,
            delay=_SECONDS_BEFORE_PROGRESS,
            disable=None if progress else True,  # None: shown on a terminal only
        ) as bar:
            for path, first_row, part in self._checked_parts(columns):
                with _naming_rows(path, first_row, part.num_rows):
                    result = function(part)
                bar.update(part.num_rows)
                yield result

    def state(self) -> list[tuple[str, int, int]]:
        """Return path, size in bytes and modification time (ns) of each file, which tell whether it changed.

        Raises:
            DataError: If a file is missing.
        """
        states = []
        for path in self.files:
            check_file_exists(path)
            facts = path.stat()
            states.append((str(path), facts.st_size, facts.st_mtime_ns))
        return states

    def _checked_parts(self, columns: Sequence[str]) -> Iterator[tuple[Path, int, pa.Table]]:
        kinds: dict[str, str | None] = {}
        for path in self.files:
            first_row = 0
            for table in self._read(path, columns):
                part = self._checked(path, first_row, table, kinds)
                yield path, first_row, part
                first_row += part.num_rows
        if not kinds:
            got = f"no rows in {self.files[0]} or any other file"
            raise DataError(must("the files", "hold at least one interaction", got=got))

    def _read(self, path: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
        names = list(dict.fromkeys([*self._roles, *columns]))
        self._columns_of(path, names)
        if is_parquet(path):
            tables = stream_parquet(path, names)
        else:
            required = (self.user, self.item) if self.csv.id_type == "str" else ()
            types = self.csv.types(self.user, self.item, self.rating)
            delimiter = self.csv.delimiter
            tables = stream_csv(path, names, delimiter=delimiter, column_types=types, required=required)
        return (table for table in tables if table.num_rows)

    def _checked(self, path: Path, first_row: int, table: pa.Table, kinds: dict[str, str | None]) -> pa.Table:
        with naming(path):
            for name in (self.user, self.item):
                ids = to_id_column(table[name], name)
                table = table.set_column(table.column_names.index(name), name, ids)
            check_interactions(table, self.user, self.item, self.rating, self.timestamp, first_row=first_row)
            for name in (self.user, self.item):
                kind = arrow_id_kind(table[name].type)
                if kinds.setdefault(name, kind) != kind:
                    requirement = f"hold {kinds[name]} ids, as in the previous files"
                    fix = "Write all files with ids of one kind"
                    raise DataError(must(f"column {name!r}", requirement, got=kind, fix=fix))
        return table

    def _columns_of(self, path: Path, required: Sequence[str]) -> list[str]:
        names = parquet_columns(path) if is_parquet(path) else csv_columns(path, self.csv.delimiter)
        with naming(path):
            header = pa.schema([(name, pa.null()) for name in names]).empty_table()
            check_names(header, self._roles)
            for name in required:
                check_column_exists(header, name)
        return names

    @property
    def _roles(self) -> list[str]:
        return [name for name in (self.user, self.item, self.rating, self.timestamp) if name is not None]

    def __repr__(self) -> str:
        return f"InteractionFiles({len(self.files)} files, columns={self.column_names})"


@contextmanager
def _naming_rows(path: Path, first_row: int, num_rows: int) -> Iterator[None]:
    try:
        yield
    except (DataError, FeatureError) as error:
        start = f"{path}, in {num_rows} rows from {row_name(first_row)}, called row 0 below"
        raise type(error)(f"{start}: {error}") from error
