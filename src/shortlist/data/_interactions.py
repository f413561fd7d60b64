"""Interactions: who met what, checked once and trusted from then on."""

from dataclasses import dataclass
from importlib import import_module
from os import PathLike
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shortlist.data._checks import check_column_exists, check_interactions, check_names, check_rows
from shortlist.data._csv import csv_id_type, read_csv
from shortlist.data._files import naming
from shortlist.data._joins import add_features
from shortlist.data._parquet import read_parquet
from shortlist.data._tables import read_table, to_numpy
from shortlist.errors import ArgumentError, DataError, MissingExtraError, must
from shortlist.ids import to_id_column

__all__ = ["Interactions", "check_is_interactions"]

Path: TypeAlias = str | PathLike[str]


@dataclass(frozen=True, repr=False)
class Interactions:
    """A table in which every row says that a user met an item.

    Ids are str, bytes or int64 and stay exactly as given; none is missing. Ratings and timestamps are finite.
    All other columns are features. Build one with `from_table`, `from_csv` or `from_parquet`.

    Args:
        table: All columns, at least one row.
        user: Column of user ids.
        item: Column of item ids.
        rating: Column of ratings.
        timestamp: Column of times: numbers or Arrow times.

    Raises:
        DataError: If the table breaks one of these promises.

    Example:
        >>> data = {"who": ["ann", "bob", "ann"], "film": [7, 7, 9], "stars": [4.0, 5.0, 1.0]}
        >>> Interactions.from_table(data, user="who", item="film", rating="stars")
        Interactions(3 rows, 2 users, 2 items, columns=['who', 'film', 'stars'])
    """

    table: pa.Table
    user: str
    item: str
    rating: str | None = None
    timestamp: str | None = None

    def __post_init__(self) -> None:
        check_interactions(self.table, self.user, self.item, self.rating, self.timestamp)

    @classmethod
    def from_table(
        cls, data: Any, *, user: str, item: str, rating: str | None = None, timestamp: str | None = None
    ) -> "Interactions":
        """Build interactions from a table in memory; all columns are kept.

        Args:
            data: pandas or polars frame, Arrow table, or mapping of names to arrays.
            user: Column of user ids.
            item: Column of item ids.
            rating: Column of ratings.
            timestamp: Column of times.

        Raises:
            DataError: If a column is unknown, of another type or length, or holds a bad value.

        Example:
            >>> Interactions.from_table({"u": [1, 2], "i": ["a", "b"]}, user="u", item="i").items.tolist()
            ['a', 'b']
        """
        table = read_table(data)
        check_names(table, [user, item])
        for name in (user, item):
            ids = to_id_column(table[name], name)
            table = table.set_column(table.column_names.index(name), name, ids)
        return cls(table, user, item, rating, timestamp)

    @classmethod
    def from_csv(
        cls,
        path: Path,
        *,
        user: str,
        item: str,
        rating: str | None = None,
        timestamp: str | None = None,
        delimiter: str = ",",
        id_type: Literal["str", "int64"] = "str",
    ) -> "Interactions":
        """Read interactions from a CSV file with a header; all columns are kept.

        Args:
            path: The file; `.gz`, `.bz2` and `.zst` are unpacked while reading.
            user: Column of user ids.
            item: Column of item ids.
            rating: Column of ratings, read as float64.
            timestamp: Column of times.
            delimiter: One character between values.
            id_type: `"str"` keeps ids as the text in the file ("007" is not "7"); `"int64"` reads integers.
                The types of columns without a role are guessed by Arrow.

        Raises:
            DataError: If the file is missing, a row cannot be read, a column is unknown, or a value is bad.
        """
        types = dict.fromkeys((user, item), csv_id_type(id_type)) | ({rating: pa.float64()} if rating else {})
        required = (user, item) if id_type == "str" else ()
        table = read_csv(path, delimiter=delimiter, column_types=types, required=required)
        with naming(path):
            return cls.from_table(table, user=user, item=item, rating=rating, timestamp=timestamp)

    @classmethod
    def from_parquet(
        cls, path: Path, *, user: str, item: str, rating: str | None = None, timestamp: str | None = None
    ) -> "Interactions":
        """Read interactions from a Parquet file or a folder of them; all columns are kept.

        Args:
            path: File or folder.
            user: Column of user ids.
            item: Column of item ids.
            rating: Column of ratings.
            timestamp: Column of times.

        Raises:
            DataError: If the file is missing or truncated, a column is unknown, or a value is bad.
        """
        table = read_parquet(path)
        with naming(path):
            return cls.from_table(table, user=user, item=item, rating=rating, timestamp=timestamp)

    @property
    def columns(self) -> list[str]:
        """Names of all columns, those with a role included."""
        return list(self.table.column_names)

    @property
    def users(self) -> np.ndarray:
        """User id of each row, object (str, bytes) or int64 `[N]`."""
        return self.column(self.user)

    @property
    def items(self) -> np.ndarray:
        """Item id of each row, object (str, bytes) or int64 `[N]`."""
        return self.column(self.item)

    @property
    def ratings(self) -> np.ndarray:
        """Rating of each row `[N]`, in the type of the column."""
        return self._role(self.rating, "rating")

    @property
    def timestamps(self) -> np.ndarray:
        """Time of each row `[N]`, in the type of the column; Arrow times are datetime64."""
        return self._role(self.timestamp, "timestamp")

    def _role(self, name: str | None, role: str) -> np.ndarray:
        if name is None:
            fix = f"Name one of {self.columns} with {role}=..."
            raise DataError(must("interactions", f"have a {role} column", got="none", fix=fix))
        return self.column(name)

    def column(self, name: str) -> np.ndarray:
        """Return one column as a NumPy array.

        Args:
            name: One of `columns`.

        Returns:
            object `[N]` for str, bytes and lists, `[N, D]` for vectors of one size, otherwise numbers `[N]`.
            Missing text is None, a missing number NaN.

        Raises:
            DataError: If there is no such column.
        """
        check_column_exists(self.table, name)
        return to_numpy(self.table[name], name)

    def take(self, rows: np.ndarray) -> "Interactions":
        """Return the interactions of some rows.

        Args:
            rows: Row numbers, int `[M]`, in the order to return them, or a mask, bool `[N]`.

        Raises:
            ArgumentError: If `rows` is neither, or a row is out of range.
            DataError: If no row is left.

        Example:
            >>> data = Interactions.from_table({"u": [1, 2, 3], "i": [4, 5, 6]}, user="u", item="i")
            >>> data.take(np.array([2, 0])).users.tolist()
            [3, 1]
        """
        rows = np.asarray(rows)
        check_rows(rows, len(self))
        numbers = np.flatnonzero(rows) if rows.dtype == bool else rows
        return self._with(self.table.take(pa.array(numbers)))

    def with_table(self, table: pa.Table) -> "Interactions":
        """Return interactions with the same roles over another table.

        Raises:
            DataError: If the table breaks a promise of this class.
        """
        return self.from_table(
            table, user=self.user, item=self.item, rating=self.rating, timestamp=self.timestamp
        )

    def join(self, users: Any = None, items: Any = None) -> "Interactions":
        """Add the features of users and items as columns; the order of the rows does not change.

        Args:
            users: Table with one row per user and the column of user ids, as `from_table` takes it.
            items: Table with one row per item and the column of item ids.

        Raises:
            DataError: If an id is missing in a table or repeated there, a column name is taken, or users and
                items are swapped.

        Example:
            >>> data = Interactions.from_table({"u": [1, 2, 1], "i": [4, 5, 6]}, user="u", item="i")
            >>> data.join(users={"u": [1, 2], "age": [30, 41]}).column("age").tolist()
            [30, 41, 30]
        """
        table = self.table
        for argument, features, key, other_key in (
            ("users", users, self.user, self.item),
            ("items", items, self.item, self.user),
        ):
            if features is not None:
                with naming(argument):
                    table = add_features(table, read_table(features), key, other_key)
        return self._with(table)

    def _with(self, table: pa.Table) -> "Interactions":
        return Interactions(table, self.user, self.item, self.rating, self.timestamp)

    def to_pandas(self) -> Any:
        """Return all columns as a pandas DataFrame.

        Raises:
            MissingExtraError: If pandas is not installed.
        """
        try:
            import_module("pandas")
        except ImportError as error:
            raise MissingExtraError("pandas", "pandas", "Interactions.to_pandas") from error
        return self.table.to_pandas()

    def __len__(self) -> int:
        return self.table.num_rows

    def __repr__(self) -> str:
        num_users, num_items = (
            pc.count_distinct(self.table[name]).as_py() for name in (self.user, self.item)
        )
        return f"Interactions({len(self)} rows, {num_users} users, {num_items} items, columns={self.columns})"


def check_is_interactions(value: Any, name: str) -> None:
    """Check that an argument is an `Interactions`, not a frame, which does not say what its columns are.

    Raises:
        ArgumentError: If it is not.

    Example:
        >>> check_is_interactions({"user": [1], "film": [2]}, "test")
        Traceback (most recent call last):
        shortlist.errors.ArgumentError: test must be an Interactions, got dict. Make it with
        Interactions.from_table(frame, user="...", item="...").
    """
    if not isinstance(value, Interactions):
        fix = 'Make it with Interactions.from_table(frame, user="...", item="...")'
        raise ArgumentError(must(name, "be an Interactions", got=type(value).__name__, fix=fix))
