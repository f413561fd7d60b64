"""One id or label a row."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

import numpy as np
import pyarrow as pa

from shortlist.features._values import scalars
from shortlist.features.columns._base import Fitter, naming
from shortlist.features.columns._with_vocabulary import VocabularyColumn
from shortlist.ids import DistinctIds, Vocabulary, VocabularySize, arrow_id_kind, encode_ids
from shortlist.typing import ArrayLike

__all__ = ["Category"]


@final
@dataclasses.dataclass(frozen=True)
class Category(VocabularyColumn):
    """One id or label a row, encoded as its row of a vocabulary; unknown ones are row 0.

    Args:
        column: Name of the feature; its values are `str`, `bytes` or integers within int64.
        vocabulary: Learned by `fit`, or your own, which `fit` then keeps.

    Example:
        >>> genders = Category("gender").fit(["F", "M", "F"])
        >>> genders.encode(["M", "F", "?"])
        array([2, 1, 0], dtype=int32)
    """

    column: str
    vocabulary: Vocabulary | VocabularySize | None = None
    is_list: ClassVar[bool] = False

    @property
    def is_fitted(self) -> bool:
        """Whether the vocabulary is here."""
        return self.has_vocabulary

    def fitter(self) -> Fitter:
        """What learns the distinct values, in the order of their first appearance."""
        return _CategoryFitter(self)

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
            distinct, codes = _distinct(values)
            rows = vocabulary.rows(distinct)
            return rows if codes is None else rows[codes]

    def in_graph(self, encoders: Any) -> Any:
        """The same encoding in a graph."""
        return encoders.CategoryGraphEncoder(self.known.known_ids)

    def get_config(self) -> dict[str, Any]:
        """The name, and the size of the vocabulary."""
        return {"column": self.column, "vocabulary": self.vocabulary and self.vocabulary.get_config()}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The column, whose vocabulary is to be loaded."""
        return cls(config["column"], config["vocabulary"] and VocabularySize(**config["vocabulary"]))


def _distinct(values: ArrayLike) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the distinct values of an Arrow column and the number of each row's value; else all values."""
    is_arrow = isinstance(values, pa.Array | pa.ChunkedArray)
    # A column with nulls keeps its rows, which the error names.
    if is_arrow and len(values) and not values.null_count and _is_id_type(values.type):
        codes, ids = encode_ids(values)
        return ids, codes
    return scalars(values), None


def _is_id_type(data_type: pa.DataType) -> bool:
    return pa.types.is_integer(data_type) or arrow_id_kind(data_type) is not None


@final
class _CategoryFitter(Fitter):
    def __init__(self, column: Category) -> None:
        self._column, self._ids = column, DistinctIds()

    def add(self, values: ArrayLike) -> None:
        self._ids.add(_distinct(values)[0])

    def fitted(self) -> Category:
        return dataclasses.replace(self._column, vocabulary=self._ids.vocabulary())
