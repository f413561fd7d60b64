"""A text a row, as the words that stand in it."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features._lists import padded
from shortlist.features._tokens import SEPARATORS, tokens
from shortlist.features._values import scalars
from shortlist.features.columns._base import Fitter, naming
from shortlist.features.columns._with_vocabulary import VocabularyColumn
from shortlist.ids import Vocabulary, VocabularySize, id_kind
from shortlist.typing import ArrayLike

__all__ = ["Text"]


@final
@dataclasses.dataclass(frozen=True)
class Text(VocabularyColumn):
    """A text a row, encoded as rows of its first `max_length` words; unknown words are 0, -1 fills up.

    What a word is, `shortlist.features._tokens` tells.

    Args:
        column: Name of the feature; its values are `str`, or `bytes` of UTF-8.
        max_tokens: At most so many words are learned, the most frequent; of equals the one that came first.
        max_length: Words of a text that are encoded; those behind do not count.
        vocabulary: Learned by `fit`, or your own words, which `fit` then keeps.

    Raises:
        ArgumentError: `max_tokens` or `max_length` is below 1.

    Example:
        >>> titles = Text("title", max_length=3).fit(["The Rock", "The Birds"])
        >>> titles.encode(["the BIRDS!", "Rocky", ""])
        array([[ 1,  3, -1],
               [ 0, -1, -1],
               [-1, -1, -1]], dtype=int32)
    """

    column: str
    max_tokens: int = 10_000
    max_length: int = 16
    vocabulary: Vocabulary | VocabularySize | None = None
    is_list: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.max_length < 1:
            raise ArgumentError(
                f"column {self.column!r}: got max_tokens {self.max_tokens} and max_length {self.max_length}, "
                "expected at least 1 each"
            )

    @property
    def is_fitted(self) -> bool:
        """Whether the vocabulary is here."""
        return self.has_vocabulary

    def fitter(self) -> Fitter:
        """What learns the most frequent words."""
        return _TextFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """The rows of each text's words.

        Args:
            values: `[batch]` or `[batch, 1]`.

        Returns:
            `[batch, max_length]`, int32: from 0 to `num_rows - 1`, or -1.

        Raises:
            FeatureError: The column is not fitted, or the values have another shape or type.
        """
        vocabulary = self.known
        with naming(self.column):
            words = _words(values)
        lengths = np.array([len(row) for row in words], dtype=np.int64)
        return padded(vocabulary.rows(list(chain.from_iterable(words))), lengths, self.max_length)

    def in_graph(self, encoders: Any) -> Any:
        """The same encoding in a graph."""
        return encoders.TextGraphEncoder(self.known.known_ids, self.max_length, SEPARATORS)

    def get_config(self) -> dict[str, Any]:
        """What was declared, and the size of the vocabulary."""
        sizes = {"max_tokens": self.max_tokens, "max_length": self.max_length}
        vocabulary = self.vocabulary and self.vocabulary.get_config()
        return {"column": self.column, **sizes, "vocabulary": vocabulary}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The column, whose vocabulary is to be loaded."""
        return cls(
            **{**config, "vocabulary": config["vocabulary"] and VocabularySize(**config["vocabulary"])}
        )


def _words(values: ArrayLike) -> list[list[str]]:
    array = scalars(values)
    kind = id_kind(array)
    if kind == "int64":
        raise FeatureError(
            f"got {array.dtype} values, expected text: declare numbers as Number, labels as Category"
        )
    return [tokens(text) for text in (_decoded(array) if kind == "bytes" else array.tolist())]


def _decoded(array: np.ndarray) -> list[str]:
    try:
        return [text.decode() for text in array.tolist()]
    except UnicodeDecodeError as error:
        raise FeatureError(
            f"got the bytes {error.object!r}, expected UTF-8: decode them to str first"
        ) from None


@final
class _TextFitter(Fitter):
    def __init__(self, column: Text) -> None:
        self._column = column
        self._counts: Counter[str] = Counter()

    def add(self, values: ArrayLike) -> None:
        self._counts.update(chain.from_iterable(_words(values)))

    def fitted(self) -> Text:
        if not self._counts:
            raise FeatureError("got no words to learn from, expected at least one")
        # `most_common` keeps equals in the order of their first appearance.
        words = [word for word, _ in self._counts.most_common(self._column.max_tokens)]
        return dataclasses.replace(self._column, vocabulary=Vocabulary(words))
