"""A list of ids or labels a row."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features._lists import flattened, is_padding, padded
from shortlist.features.columns._base import Fitter, naming
from shortlist.features.columns._with_vocabulary import VocabularyColumn
from shortlist.ids import DistinctIds, Vocabulary, VocabularySize
from shortlist.typing import ArrayLike

__all__ = ["Categories"]


@final
@dataclasses.dataclass(frozen=True)
class Categories(VocabularyColumn):
    """A list of ids or labels a row, such as a film's genres, encoded as rows of a vocabulary; unknown are 0.

    The first `max_length` places of a list are encoded; -1 fills up a shorter one. `None`, empty text and the
    integer -1 are no entries but padding, wherever they stand: lists with and without padding are alike.

    Args:
        column: Name of the feature; its values are lists of `str`, `bytes` or integers within int64.
        max_length: Length of an encoded list; None for that of the longest list that `fit` sees.
        vocabulary: Learned by `fit`, or your own, which `fit` then keeps.

    Raises:
        ArgumentError: `max_length` is below 1.

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
    is_list: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.max_length is not None and self.max_length < 1:
            raise ArgumentError(
                f"column {self.column!r}: got max_length {self.max_length}, expected at least 1"
            )

    @property
    def is_fitted(self) -> bool:
        """Whether the vocabulary and the length are here."""
        return self.has_vocabulary and self.max_length is not None

    def fitter(self) -> Fitter:
        """What learns the distinct entries, in the order of their first appearance, and the length."""
        return _CategoriesFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """The rows of each list's entries.

        Args:
            values: `[batch]` lists, or `[batch, length]` padded.

        Returns:
            `[batch, max_length]`, int32: from 0 to `num_rows - 1`, or -1.

        Raises:
            FeatureError: The column is not fitted, a row is no list, or entries have another type.
        """
        vocabulary, max_length = self.known, self._length
        with naming(self.column):
            flat, lengths = flattened(values)
            rows = np.full(len(flat), -1, dtype=np.int32)
            is_entry = ~is_padding(flat)
            rows[is_entry] = vocabulary.rows(flat[is_entry])
            return padded(rows, lengths, max_length)

    def in_graph(self, encoders: Any) -> Any:
        """The same encoding in a graph."""
        return encoders.CategoriesGraphEncoder(self.known.known_ids, self._length)

    @property
    def _length(self) -> int:
        if self.max_length is None:
            raise FeatureError(
                f"column {self.column!r} has learned no max_length: call fit before it is used"
            )
        return self.max_length

    def get_config(self) -> dict[str, Any]:
        """The name, the length, and the size of the vocabulary."""
        vocabulary = self.vocabulary and self.vocabulary.get_config()
        return {"column": self.column, "max_length": self.max_length, "vocabulary": vocabulary}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The column, whose vocabulary is to be loaded."""
        vocabulary = config["vocabulary"] and VocabularySize(**config["vocabulary"])
        return cls(config["column"], config["max_length"], vocabulary)


@final
class _CategoriesFitter(Fitter):
    def __init__(self, column: Categories) -> None:
        self._column, self._ids, self._longest = column, DistinctIds(), 1

    def add(self, values: ArrayLike) -> None:
        flat, lengths = flattened(values)
        self._longest = max(self._longest, int(lengths.max(initial=0)))
        if not self._column.has_vocabulary:
            self._ids.add(flat[~is_padding(flat)])

    def fitted(self) -> Categories:
        max_length = self._column.max_length or self._longest
        vocabulary = self._column.known if self._column.has_vocabulary else self._ids.vocabulary()
        return dataclasses.replace(self._column, max_length=max_length, vocabulary=vocabulary)
