"""One id or label a row."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.features.columns.base import naming
from shortlist.features.columns.with_vocabulary import VocabularyColumn
from shortlist.features.values import check_not_empty, scalars
from shortlist.features.vocabulary import Vocabulary
from shortlist.features.vocabulary_size import VocabularySize, vocabulary_config, vocabulary_from_config
from shortlist.typing import ArrayLike

__all__ = ["Category"]


@final
@dataclasses.dataclass(frozen=True)
class Category(VocabularyColumn):
    """One id or label a row, encoded as its row of a vocabulary; unknown ones are row 0.

    Args:
        column: Name of the feature; its values are `str`, `bytes` or integers within int64.
        vocabulary: Learnt by `fit`, or your own, which `fit` then keeps.

    Example:
        >>> genders = Category("gender").fit(["F", "M", "F"])
        >>> genders.encode(["M", "F", "?"])
        array([2, 1, 0], dtype=int32)
    """

    column: str
    vocabulary: Vocabulary | VocabularySize | None = None
    is_list: ClassVar[bool] = False

    def fit(self, values: ArrayLike) -> Self:
        """A column that knows the distinct values, in the order of their first appearance.

        Args:
            values: `[n]` or `[n, 1]`.

        Raises:
            FeatureError: No values, a missing one, or values that are no ids.
        """
        if self.is_fitted:
            return self
        with naming(self.column):
            array = scalars(values)
            check_not_empty(array)
            return self._learnt(vocabulary=Vocabulary.from_values(array))

    def encode(self, values: ArrayLike) -> np.ndarray:
        """The row of each value.

        Args:
            values: `[batch]` or `[batch, 1]`.

        Returns:
            `[batch]`, int32, from 0 to `num_rows - 1`.

        Raises:
            FeatureError: The column is not fitted, or the values have another shape or type.
        """
        vocabulary = self.known
        with naming(self.column):
            return vocabulary.rows(scalars(values))

    def in_graph(self, twins: Any) -> Any:
        """The same encoding in a graph."""
        return twins.CategoryInGraph(self.known.known_ids)

    def get_config(self) -> dict[str, Any]:
        """The name, and the size of the vocabulary."""
        return {"column": self.column, "vocabulary": vocabulary_config(self.vocabulary)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The column, whose vocabulary is to be loaded."""
        return cls(config["column"], vocabulary_from_config(config["vocabulary"]))
