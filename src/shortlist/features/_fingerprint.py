"""What tells whether two sets of columns encode alike."""

from collections.abc import Sequence
from typing import Any

from shortlist.features import _vocabulary_file as vocabulary_file
from shortlist.features.columns._base import Column
from shortlist.features.columns._config import column_config
from shortlist.features.columns._with_vocabulary import VocabularyColumn

__all__ = ["columns_fingerprint"]


def columns_fingerprint(columns: Sequence[Column]) -> list[Any]:
    """What decides how columns encode: declarations, what was learned, and a checksum of each vocabulary.

    Args:
        columns: Fitted columns.

    Returns:
        Plain values for JSON, equal where the columns encode alike.

    Example:
        >>> from shortlist.features.columns import Category
        >>> one, other = Category("film").fit(["Up", "Heat"]), Category("film").fit(["Heat", "Up"])
        >>> columns_fingerprint([one]) == columns_fingerprint([other])
        False
    """
    return [[column_config(column), _checksum(column)] for column in columns]


def _checksum(column: Column) -> str | None:
    if not isinstance(column, VocabularyColumn):
        return None
    return vocabulary_file.checksum(column.known.known_ids, column.known.kind)
