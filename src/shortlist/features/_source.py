"""Columns by name, of interactions, tables, data frames and mappings."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from shortlist.data import InteractionFiles
from shortlist.errors import FeatureError, must
from shortlist.typing import ArrayLike

__all__ = ["has_columns", "map_parts", "names", "values"]

T = TypeVar("T")


def has_columns(source: Any) -> bool:
    """Tell whether a source holds columns by name, not the values of one column.

    Example:
        >>> has_columns({"user_id": ["1"]}), has_columns(["1"])
        (True, False)
    """
    table = getattr(source, "table", source)
    return isinstance(table, Mapping) or hasattr(table, "column_names") or hasattr(table, "columns")


def names(source: Any) -> list[str]:
    """Return the names of the columns of a source.

    Args:
        source: `Interactions`, `InteractionFiles`, Arrow table, data frame, or mapping of names to arrays.

    Example:
        >>> names({"user_id": ["1"], "age": [30]})
        ['user_id', 'age']
    """
    table = getattr(source, "table", source)
    return list(getattr(table, "column_names", getattr(table, "columns", table)))


def values(source: Any, name: str) -> ArrayLike:
    """Return the values of one column.

    Args:
        source: `Interactions`, Arrow table, data frame, or mapping of names to arrays.
        name: Name of the column.

    Raises:
        FeatureError: If the source has no such column, or is read in parts.
    """
    _check_has(source, name)
    if isinstance(source, InteractionFiles):
        fix = "Read it with Interactions.from_parquet or from_csv"
        requirement = "be in a table in memory"
        raise FeatureError(must(f"column {name!r}", requirement, got=repr(source), fix=fix))
    return getattr(source, "table", source)[name]


def map_parts(
    source: Any, function: Callable[[Any], T], columns: Sequence[str], *, progress: str
) -> Iterator[T]:
    """Apply a function to each part of a source; data in memory is one part.

    Args:
        source: `InteractionFiles`, or what `values` takes.
        function: Takes a table with the columns.
        columns: Columns that the function needs.
        progress: Label of the progress bar.

    Raises:
        FeatureError: If the source lacks a column, or the function raises it.
        DataError: If a file cannot be read.

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
        fix = "Add it, or declare the feature under the name it has"
        raise FeatureError(
            must("the data", f"have the column {name!r}", got=f"columns {names(source)}", fix=fix)
        )
