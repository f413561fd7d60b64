"""A list of ids or labels per row."""

import dataclasses
from typing import Any, Self, final

import keras
import numpy as np

from shortlist.errors import ArgumentError, must
from shortlist.features._lists import flattened, is_padding, padded
from shortlist.features._values import integers_of_bools
from shortlist.features.columns._base import Fitter, fit_whole, naming, not_fitted
from shortlist.features.columns._with_vocabulary import VocabularyColumn
from shortlist.ids import DistinctIds, Vocabulary, VocabularySize
from shortlist.layers import MeanEmbedding
from shortlist.typing import ArrayLike, Shape

__all__ = ["Categories"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class Categories(VocabularyColumn):
    """Encode a list of ids or labels per row, such as a movie's genres, as rows of a vocabulary.

    Unknown entries are row 0. The first `max_length` entries of a list are encoded; -1 fills up shorter ones.
    `None`, empty text and the integer -1 are padding wherever they appear in a list.

    Args:
        column: Name of the feature; its values are lists of `str`, `bytes`, integers within int64, or
            booleans, which count as the integers 0 and 1.
        max_length: Length of an encoded list; None for that of the longest list that `fit` sees.
        vocabulary: Set by `fit`, or your own, which `fit` then keeps.

    Raises:
        ArgumentError: If `max_length` is below 1.

    Example:
        >>> genres = Categories("genres").fit([["Drama", "War"], ["Drama"]])
        >>> genres.encode([["War"], [], ["Drama", "Western"]])
        array([[ 2, -1],
               [-1, -1],
               [ 1,  0]], dtype=int32)
    """

    column: str
    max_length: int | None = None
    vocabulary: Vocabulary | VocabularySize | None = None

    def __post_init__(self) -> None:
        if self.max_length is not None and self.max_length < 1:
            raise ArgumentError(must(f"max_length of column {self.column!r}", "be >= 1", got=self.max_length))

    @property
    def is_fitted(self) -> bool:
        return self.has_vocabulary and self.max_length is not None

    @property
    def row_shape(self) -> Shape:
        return (self.max_length,)

    def fit(self, values: ArrayLike) -> Self:
        return fit_whole(self, values)

    def fitter(self) -> Fitter:
        return _CategoriesFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """Encode lists `[batch]`, or padded `[batch, length]`, as int32 `[batch, max_length]`.

        Raises:
            FeatureError: If the column is not fitted, a row is not a list, or entries are of another kind.
        """
        vocabulary = self.known
        if self.max_length is None:
            raise not_fitted(self.column)
        with naming(self.column):
            flat, lengths = _flattened(values)
            rows = np.full(len(flat), -1, dtype=np.int32)
            is_entry = ~is_padding(flat)
            rows[is_entry] = vocabulary.rows(flat[is_entry])
            return padded(rows, lengths, self.max_length)

    def to_layer(self, embedding_dim: int, **kwargs: Any) -> keras.Layer:
        return MeanEmbedding(self.num_rows, embedding_dim, **kwargs)

    def examples(self, num_values: int) -> np.ndarray:
        ids = self.known.examples(num_values)
        return np.stack([ids, np.roll(ids, 1)], axis=1)


def _flattened(values: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    flat, lengths = flattened(values)
    return integers_of_bools(flat), lengths


@final
class _CategoriesFitter(Fitter):
    def __init__(self, column: Categories) -> None:
        self._column, self._ids, self._longest = column, DistinctIds(), 1

    def add(self, values: ArrayLike) -> None:
        flat, lengths = _flattened(values)
        self._longest = max(self._longest, int(lengths.max(initial=0)))
        if not self._column.has_vocabulary:
            self._ids.add(flat[~is_padding(flat)])

    def fitted(self) -> Categories:
        max_length = self._column.max_length or self._longest
        vocabulary = self._column.known if self._column.has_vocabulary else self._ids.vocabulary()
        return dataclasses.replace(self._column, max_length=max_length, vocabulary=vocabulary)
