"""What the columns share that learn a vocabulary."""

import dataclasses
from typing import Any, Self, cast, final

from shortlist.errors import ArtifactError, FeatureError
from shortlist.features.columns.base import Column
from shortlist.features.vocabulary import Vocabulary

__all__ = ["VocabularyColumn", "VocabularySize", "size_config", "size_from_config"]


@final
@dataclasses.dataclass(frozen=True)
class VocabularySize:
    """Stands for the vocabulary of a saved column until its file is read: embeddings are built by the size alone.

    Args:
        num_rows: `Vocabulary.num_rows` of the one that was saved.
    """

    num_rows: int


class VocabularyColumn(Column):
    """A column whose values become rows of a vocabulary."""

    vocabulary: Vocabulary | VocabularySize | None

    @property
    def num_rows(self) -> int:
        """Rows of its embedding table: those of the vocabulary."""
        if self.vocabulary is None:
            raise FeatureError(f"column {self.column!r} has learnt nothing yet: call fit first")
        return self.vocabulary.num_rows

    @property
    def is_fitted(self) -> bool:
        """Whether the vocabulary is here."""
        return isinstance(self.vocabulary, Vocabulary)

    @property
    def known(self) -> Vocabulary:
        """The learnt vocabulary.

        Raises:
            FeatureError: There is none yet.
        """
        if isinstance(self.vocabulary, Vocabulary):
            return self.vocabulary
        missing = (
            "has learnt nothing yet: call fit" if self.vocabulary is None else "has no vocabulary: call load"
        )
        raise FeatureError(f"column {self.column!r} {missing} before it encodes")

    def with_vocabulary(self, vocabulary: Vocabulary) -> Self:
        """The same column with the vocabulary that was read from its file.

        Raises:
            ArtifactError: The column was saved with one of another size.
        """
        if self.vocabulary is not None and vocabulary.num_rows != self.vocabulary.num_rows:
            raise ArtifactError(
                f"column {self.column!r}: got a vocabulary of {vocabulary.num_rows} rows, expected the saved one of "
                f"{self.vocabulary.num_rows}: its file is not of this model"
            )
        return self._learnt(vocabulary)

    def _learnt(self, vocabulary: Vocabulary) -> Self:
        return dataclasses.replace(cast(Any, self), vocabulary=vocabulary)


def size_config(column: VocabularyColumn) -> dict[str, Any]:
    """The part of a config that tells the size of the vocabulary."""
    return {"num_rows": None if column.vocabulary is None else column.num_rows}


def size_from_config(num_rows: int | None) -> VocabularySize | None:
    """The stand-in for the vocabulary of a config."""
    return None if num_rows is None else VocabularySize(num_rows)
