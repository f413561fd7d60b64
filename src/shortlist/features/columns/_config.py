"""Columns to and from plain values for JSON."""

from collections.abc import Mapping
from typing import Any

from shortlist.errors import ArtifactError
from shortlist.features.columns._base import Column
from shortlist.features.columns._buckets import Buckets
from shortlist.features.columns._categories import Categories
from shortlist.features.columns._category import Category
from shortlist.features.columns._number import Number
from shortlist.features.columns._text import Text

__all__ = ["column_config", "column_from_config"]

_CLASSES: dict[str, type[Column]] = {
    cls.__name__: cls for cls in (Category, Categories, Text, Number, Buckets)
}


def column_config(column: Column) -> dict[str, Any]:
    """The class of a column and its config.

    Example:
        >>> column_config(Category("gender"))
        {'class': 'Category', 'column': 'gender', 'vocabulary': None}
    """
    return {"class": type(column).__name__, **column.get_config()}


def column_from_config(config: Mapping[str, Any]) -> Column:
    """The column of a config that `column_config` made.

    Raises:
        ArtifactError: The config names a class that this version does not have.
    """
    if config["class"] not in _CLASSES:
        raise ArtifactError(
            f"got a column of class {config['class']!r}, expected one of {', '.join(_CLASSES)}: "
            "read it with the version of Shortlist that wrote it"
        )
    fields = {name: value for name, value in config.items() if name != "class"}
    return _CLASSES[config["class"]].from_config(fields)
