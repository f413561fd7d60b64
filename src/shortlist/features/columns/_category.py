"""One id or label per row."""

import dataclasses
from typing import Any, Self, final

import keras
import numpy as np
import pyarrow as pa

from shortlist.features._values import integers_of_bools, scalars
from shortlist.features.columns._base import Fitter, fit_whole, naming
from shortlist.features.columns._with_vocabulary import VocabularyColumn
from shortlist.ids import DistinctIds, Vocabulary, VocabularySize, arrow_id_kind, encode_ids
from shortlist.layers import Embedding
from shortlist.typing import ArrayLike

__all__ = ["Category"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class Category(VocabularyColumn):
    """Encode one id or label per row as its row of a vocabulary; unknown values are row 0.

    Args:
        column: Name of the feature; its values are `str`, `bytes`, integers within int64, or booleans, which
            count as the integers 0 and 1.
        vocabulary: Set by `fit`, or your own, which `fit` then keeps.

    Example:
        >>> genders = Category("gender").fit(["F", "M", "F"])
        >>> genders.encode(["M", "F", "?"])
        array([2, 1, 0], dtype=int32)
    """

    column: str
    vocabulary: Vocabulary | VocabularySize | None = None

    @property
    def is_fitted(self) -> bool:
        return self.has_vocabulary

    def fit(self, values: ArrayLike) -> Self:
        return fit_whole(self, values)

    def fitter(self) -> Fitter:
        return _CategoryFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """Encode values `[batch]` or `[batch, 1]` as int32 `[batch]`, from 0 to `num_rows - 1`.

        Raises:
            FeatureError: If the column is not fitted, or values are missing, of another kind or shape.
        """
        vocabulary = self.known
        with naming(self.column):
            distinct, codes = _distinct(values)
            rows = vocabulary.rows(distinct)
            return rows if codes is None else rows[codes]

    def to_layer(self, embedding_dim: int, **kwargs: Any) -> keras.Layer:
        return Embedding(self.num_rows, embedding_dim, **kwargs)

    def examples(self, num_values: int) -> np.ndarray:
        return self.known.examples(num_values)


def _distinct(values: ArrayLike) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the distinct values of an Arrow column and the number of each row's value; else all values."""
    is_arrow = isinstance(values, pa.Array | pa.ChunkedArray)
    # A column with nulls keeps its rows, which the error names.
    if is_arrow and len(values) and not values.null_count and _is_id_type(values.type):
        codes, ids = encode_ids(values)
        return ids, codes
    return integers_of_bools(scalars(values)), None


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
