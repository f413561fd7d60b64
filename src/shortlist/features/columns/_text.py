"""One text per row, as its words."""

import dataclasses
import re
from collections import Counter
from itertools import chain
from typing import Any, Self, final

import keras
import numpy as np

from shortlist.errors import ArgumentError, FeatureError, must
from shortlist.features._lists import padded
from shortlist.features._values import scalars
from shortlist.features.columns._base import Fitter, fit_whole, naming
from shortlist.features.columns._with_vocabulary import VocabularyColumn
from shortlist.ids import Vocabulary, VocabularySize, id_kind
from shortlist.layers import MeanEmbedding
from shortlist.typing import ArrayLike, Shape

__all__ = ["SEPARATORS", "Text", "tokenize"]

SEPARATORS = "[\\x00-/:-@\\[-`{-\\xa9\\xab-\\xb4\\xb6-\\xb9\\xbb-\\xbf\\xd7\\xf7\u2000-\u206f\u3000-\u303f]+"
"""Regular expression that Python's `re` and RE2 read alike: everything in ASCII and Latin-1 that is neither
letter nor digit, and the blocks of general and CJK punctuation. Classes such as `\\w` differ between them."""

_SEPARATOR = re.compile(SEPARATORS)


def tokenize(text: str) -> list[str]:
    """Split a text into words: runs of letters and digits of any script, ASCII letters in lower case.

    Other letters keep their case: lower case depends on the version of Unicode, and an exported model would
    encode other rows than it was trained on.

    Example:
        >>> tokenize("Léon: The Professional (1994)")
        ['léon', 'the', 'professional', '1994']
    """
    lower = text.encode().lower().decode()  # `bytes.lower` changes ASCII only
    return [word for word in _SEPARATOR.split(lower) if word]


@final
@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class Text(VocabularyColumn):
    """Encode a text per row as rows of its first `max_length` words; unknown words are 0, -1 fills up.

    Words are runs of letters and digits; case is ignored for ASCII letters.

    Args:
        column: Name of the feature; its values are `str`, or `bytes` of UTF-8.
        max_tokens: Number of words that `fit` keeps, the most frequent ones; ties by first appearance.
        max_length: Number of words of a text that are encoded.
        vocabulary: Set by `fit`, or your own words, which `fit` then keeps.

    Raises:
        ArgumentError: If `max_tokens` or `max_length` is below 1.

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

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.max_length < 1:
            subject = f"max_tokens and max_length of column {self.column!r}"
            raise ArgumentError(must(subject, "be >= 1", got=f"{self.max_tokens} and {self.max_length}"))

    @property
    def is_fitted(self) -> bool:
        return self.has_vocabulary

    @property
    def row_shape(self) -> Shape:
        return (self.max_length,)

    def fit(self, values: ArrayLike) -> Self:
        return fit_whole(self, values)

    def fitter(self) -> Fitter:
        return _TextFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """Encode texts `[batch]` or `[batch, 1]` as int32 `[batch, max_length]`.

        Raises:
            FeatureError: If the column is not fitted, or values are missing or not text.
        """
        vocabulary = self.known
        with naming(self.column):
            words = _words(values)
        lengths = np.array([len(row) for row in words], dtype=np.int64)
        return padded(vocabulary.rows(list(chain.from_iterable(words))), lengths, self.max_length)

    def to_layer(self, embedding_dim: int, **kwargs: Any) -> keras.Layer:
        return MeanEmbedding(self.num_rows, embedding_dim, **kwargs)

    def examples(self, num_values: int) -> np.ndarray:
        words = self.known.examples(num_values)
        return np.array([f"{word} {words[-1]}" for word in words], dtype=object)


def _words(values: ArrayLike) -> list[list[str]]:
    array = scalars(values)
    kind = id_kind(array)
    if kind == "int64":
        fix = "Declare numbers as Number and labels as Category"
        raise FeatureError(must("values", "be text", got=array.dtype, fix=fix))
    if kind != "bytes":
        return [tokenize(text) for text in array.tolist()]
    try:
        return [tokenize(text.decode()) for text in array.tolist()]
    except UnicodeDecodeError as error:
        fix = "Decode them to str first"
        raise FeatureError(must("bytes", "be valid UTF-8", got=repr(error.object), fix=fix)) from None


@final
class _TextFitter(Fitter):
    def __init__(self, column: Text) -> None:
        self._column = column
        self._counts: Counter[str] = Counter()

    def add(self, values: ArrayLike) -> None:
        self._counts.update(chain.from_iterable(_words(values)))

    def fitted(self) -> Text:
        if not self._counts:
            raise FeatureError(must("values", "hold at least one word to fit on", got="none"))
        # `most_common` keeps ties in order of first appearance.
        words = [word for word, _ in self._counts.most_common(self._column.max_tokens)]
        return dataclasses.replace(self._column, vocabulary=Vocabulary(words))
