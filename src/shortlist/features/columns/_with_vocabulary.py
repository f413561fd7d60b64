"""The part that columns with a vocabulary have in common."""

import dataclasses
import os
from pathlib import Path
from typing import Any, Self, cast

from shortlist.errors import FeatureError, must
from shortlist.features.columns._base import Column, not_fitted
from shortlist.ids import Vocabulary, VocabularySize

__all__ = ["VocabularyColumn"]

_FILE = "vocabulary.parquet"


class VocabularyColumn(Column):
    """A column that encodes values as rows of a vocabulary."""

    vocabulary: Vocabulary | VocabularySize | None

    @property
    def num_rows(self) -> int:
        """Number of rows of its embedding table: those of the vocabulary.

        Raises:
            FeatureError: If the column is not fitted.
        """
        if self.vocabulary is None:
            raise not_fitted(self.column)
        return self.vocabulary.num_rows

    @property
    def known(self) -> Vocabulary:
        """Fitted vocabulary.

        Raises:
            FeatureError: If the column is not fitted, or its vocabulary is not loaded.
        """
        if self.vocabulary is None:
            raise not_fitted(self.column)
        if isinstance(self.vocabulary, VocabularySize):
            requirement = "have its vocabulary before it is used"
            fix = "Load it with load_assets, as FeatureSpec.load and load_model do"
            raise FeatureError(must(f"column {self.column!r}", requirement, fix=fix))
        return self.vocabulary

    @property
    def has_vocabulary(self) -> bool:
        """Tell whether the vocabulary is here, fitted or given."""
        return isinstance(self.vocabulary, Vocabulary)

    def get_config(self) -> dict[str, Any]:
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(cast(Any, self))}
        return {**fields, "vocabulary": self.vocabulary and self.vocabulary.get_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        saved = config["vocabulary"]
        return cls(**{**config, "vocabulary": saved and VocabularySize(**saved)})

    def save_assets(self, directory: str | os.PathLike[str]) -> None:
        self.known.save(Path(directory) / _FILE)

    def load_assets(self, directory: str | os.PathLike[str]) -> Self:
        if not isinstance(self.vocabulary, VocabularySize):
            return self
        vocabulary = self.vocabulary.load(Path(directory) / _FILE)
        return cast(Self, dataclasses.replace(cast(Any, self), vocabulary=vocabulary))
