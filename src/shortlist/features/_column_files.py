"""The vocabularies of columns, in files next to a saved model."""

import os
from collections.abc import Sequence
from pathlib import Path

from shortlist.features.columns._base import Column
from shortlist.features.columns._with_vocabulary import VocabularyColumn
from shortlist.ids import Vocabulary

__all__ = ["load_vocabularies", "save_vocabularies"]


def save_vocabularies(columns: Sequence[Column], directory: str | os.PathLike[str]) -> None:
    """Write the vocabulary of each column that has one.

    Args:
        columns: Fitted columns.
        directory: Where to; it exists.
    """
    for number, column in enumerate(columns):
        if isinstance(column, VocabularyColumn):
            column.known.save(_file(directory, number))


def load_vocabularies(columns: Sequence[Column], directory: str | os.PathLike[str]) -> tuple[Column, ...]:
    """The columns with the vocabularies that `save_vocabularies` wrote for them.

    Args:
        columns: Columns of a configuration, in the same order.
        directory: Where from.

    Returns:
        The columns, ready to encode.

    Raises:
        ArtifactError: When a file is missing, damaged, or of another column.
    """
    return tuple(
        column.with_vocabulary(Vocabulary.load(_file(directory, number)))
        if isinstance(column, VocabularyColumn)
        else column
        for number, column in enumerate(columns)
    )


def _file(directory: str | os.PathLike[str], number: int) -> Path:
    return Path(directory) / f"vocabulary_{number}.parquet"  # by number: a column may be named like no file
