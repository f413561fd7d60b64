"""Columns by name, of whatever holds them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from shortlist.data import InteractionFiles
from shortlist.errors import FeatureError
from shortlist.typing import ArrayLike

__all__ = ["has_columns", "map_parts", "names", "values"]

T = TypeVar("T")


def names(source: Any) -> list[str]:
    """The names of the columns of a source.

    Args:
        source: `Interactions`, an Arrow table, a data frame, or a mapping of arrays by name.

    Example:
        >>> names({"user_id": ["1"], "age": [30]})
        ['user_id', 'age']
    """
    table = getattr(source, "table", source)
    return list(getattr(table, "column_names", getattr(table, "columns", table)))


def values(source: Any, name: str) -> ArrayLike:
    """The values of one column.

    Args:
        source: `Interactions`, an Arrow table, a data frame, or a mapping of arrays by name.
        name: The column.

    Raises:
        FeatureError: The source has no such column.
    """
    _check_has(source, name)
    if isinstance(source, InteractionFiles):
        raise FeatureError(
            f"column {name!r}: got {source!r}, which is read in parts, expected a table in memory: read what "
            "is needed with Interactions.from_parquet or from_csv"
        )
    return getattr(source, "table", source)[name]


def map_parts(
    source: Any, function: Callable[[Any], T], columns: Sequence[str], *, progress: str
) -> Iterator[T]:
    """Apply a function to each part of a source; what is in memory is one part.

    Args:
        source: `InteractionFiles`, or what `values` takes.
        function: Takes a table with the columns.
        columns: The columns it needs.
        progress: What is being done, for a bar on the terminal.

    Raises:
        FeatureError: The source lacks a column, or what the function raised.
        DataError: Files that cannot be read.

    Example:
        >>> list(map_parts({"age": [30, 41]}, lambda part: sum(part["age"]), ["age"], progress="adding"))
        [71]
    """
    if not isinstance(source, InteractionFiles):
        return iter([function(source)])
    for name in columns:
        _check_has(source, name)
    return source.map(function, columns, progress=progress)


def _check_has(source: Any, name: str) -> None:
    if name not in names(source):
        raise FeatureError(
            f"got columns {names(source)}, expected one named {name!r}: add it, or declare the feature "
            "under the name it has"
        )


def has_columns(source: Any) -> bool:
    """Whether a source holds columns by name, and is not the values of one column alone.

    Args:
        source: Anything.

    Example:
        >>> has_columns({"user_id": ["1"]}), has_columns(["1"])
        (True, False)
    """
    table = getattr(source, "table", source)
    return isinstance(table, Mapping) or hasattr(table, "column_names") or hasattr(table, "columns")
