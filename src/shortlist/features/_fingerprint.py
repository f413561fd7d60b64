"""What tells whether two sets of columns encode alike."""

from collections.abc import Sequence
from typing import Any

from shortlist.features.columns._base import Column
from shortlist.features.columns._config import column_config

__all__ = ["columns_fingerprint"]


def columns_fingerprint(columns: Sequence[Column]) -> list[Any]:
    """Return plain values for JSON that are equal where fitted columns encode alike.

    Example:
        >>> from shortlist.features.columns import Category
        >>> one, other = Category("film").fit(["Up", "Heat"]), Category("film").fit(["Heat", "Up"])
        >>> columns_fingerprint([one]) == columns_fingerprint([other])
        False
    """
    return [column_config(column) for column in columns]  # with a checksum of each vocabulary
