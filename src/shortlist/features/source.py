"""Columns by name, of whatever holds them."""

from collections.abc import Mapping
from typing import Any

from shortlist.errors import FeatureError
from shortlist.typing import ArrayLike

__all__ = ["has_columns", "names", "values"]


def names(source: Any) -> list[str]:
    """The names of the columns of a source.

    Args:
        source: `Interactions`, an Arrow table, a data frame, or a mapping of arrays by name.

    Example:
        >>> names({"user_id": ["1"], "age": [30]})
        ['user_id', 'age']
    """
    table = getattr(source, "table", source)
    return list(getattr(table, "column_names", table))


def values(source: Any, name: str) -> ArrayLike:
    """The values of one column.

    Args:
        source: `Interactions`, an Arrow table, a data frame, or a mapping of arrays by name.
        name: The column.

    Raises:
        FeatureError: The source has no such column.
    """
    if name not in names(source):
        raise FeatureError(
            f"got columns {names(source)}, expected one named {name!r}: add it, or declare the feature "
            "under the name it has"
        )
    return getattr(source, "table", source)[name]


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
