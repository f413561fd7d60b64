"""What the columns share that learn a vocabulary."""

import dataclasses
from typing import Any, Self, cast

from shortlist.errors import ArtifactError, FeatureError
from shortlist.features.columns._base import Column
from shortlist.ids import Vocabulary, VocabularySize

__all__ = ["VocabularyColumn"]


class VocabularyColumn(Column):
    """A column whose values become rows of a vocabulary."""

    vocabulary: Vocabulary | VocabularySize | None

    @property
    def num_rows(self) -> int:
        """Rows of its embedding table: those of the vocabulary.

        Raises:
            FeatureError: The column has not learned.
        """
        if self.vocabulary is None:
            raise FeatureError(f"column {self.column!r} has learned nothing yet: call fit first")
        return self.vocabulary.num_rows

    @property
    def has_vocabulary(self) -> bool:
        """Whether the vocabulary is here, learned or given."""
        return isinstance(self.vocabulary, Vocabulary)

    @property
    def known(self) -> Vocabulary:
        """The learned vocabulary.

        Raises:
            FeatureError: There is none yet.
        """
        if isinstance(self.vocabulary, Vocabulary):
            return self.vocabulary
        todo = (
            "has learned nothing yet: call fit"
            if self.vocabulary is None
            else "misses its vocabulary: load it"
        )
        raise FeatureError(f"column {self.column!r} {todo} before it is used")

    def with_vocabulary(self, vocabulary: Vocabulary) -> Self:
        """The same column with the vocabulary that was read from its file.

        Raises:
            ArtifactError: The column was saved with another one.
        """
        if self.vocabulary is not None and self.vocabulary.get_config() != vocabulary.get_config():
            raise ArtifactError(
                f"column {self.column!r}: got a vocabulary of {vocabulary.get_config()}, expected "
                f"{self.vocabulary.get_config()}: its file is not of this model"
            )
        return self._learned(vocabulary=vocabulary)

    def _learned(self, **changes: Any) -> Self:
        return dataclasses.replace(cast(Any, self), **changes)
