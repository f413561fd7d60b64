"""What the columns share that learn a vocabulary."""

import dataclasses
from typing import Any, Self, cast

from shortlist.errors import ArtifactError, FeatureError
from shortlist.features.columns.base import Column
from shortlist.features.vocabulary import Vocabulary
from shortlist.features.vocabulary_size import VocabularySize, vocabulary_config

__all__ = ["VocabularyColumn"]


class VocabularyColumn(Column):
    """A column whose values become rows of a vocabulary."""

    vocabulary: Vocabulary | VocabularySize | None

    @property
    def num_rows(self) -> int:
        """Rows of its embedding table: those of the vocabulary.

        Raises:
            FeatureError: The column has not learnt.
        """
        if self.vocabulary is None:
            raise FeatureError(f"column {self.column!r} has learnt nothing yet: call fit first")
        return self.vocabulary.num_rows

    @property
    def has_vocabulary(self) -> bool:
        """Whether the vocabulary is here, learnt or given."""
        return isinstance(self.vocabulary, Vocabulary)

    @property
    def known(self) -> Vocabulary:
        """The learnt vocabulary.

        Raises:
            FeatureError: There is none yet.
        """
        if isinstance(self.vocabulary, Vocabulary):
            return self.vocabulary
        todo = (
            "has learnt nothing yet: call fit"
            if self.vocabulary is None
            else "misses its vocabulary: load it"
        )
        raise FeatureError(f"column {self.column!r} {todo} before it is used")

    def with_vocabulary(self, vocabulary: Vocabulary) -> Self:
        """The same column with the vocabulary that was read from its file.

        Raises:
            ArtifactError: The column was saved with another one.
        """
        expected, got = vocabulary_config(self.vocabulary), vocabulary_config(vocabulary)
        if expected not in (None, got):
            raise ArtifactError(
                f"column {self.column!r}: got a vocabulary of {got}, expected {expected}: "
                "its file is not of this model"
            )
        return self._learnt(vocabulary=vocabulary)

    def _learnt(self, **changes: Any) -> Self:
        return dataclasses.replace(cast(Any, self), **changes)
