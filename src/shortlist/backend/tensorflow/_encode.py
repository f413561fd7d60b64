"""Graph encoders: TensorFlow graphs that encode raw features like the columns do.

A graph cannot refuse values: where a column raises for NaN, infinity or invalid UTF-8, its encoder does not.
"""

import abc
from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
import tensorflow as tf

from shortlist.backend.tensorflow._lookup import RowsGraphEncoder
from shortlist.backend.tensorflow._text import split_words
from shortlist.errors import FeatureError
from shortlist.typing import Tensor

__all__ = [
    "BucketsGraphEncoder",
    "CategoriesGraphEncoder",
    "CategoryGraphEncoder",
    "ColumnGraphEncoder",
    "GraphEncoder",
    "NumberGraphEncoder",
    "TextGraphEncoder",
]


class ColumnGraphEncoder(tf.Module, abc.ABC):
    """The encoding of one column."""

    raw_shape: Sequence[None]
    raw_dtype: tf.DType

    @abc.abstractmethod
    def __call__(self, values: Tensor) -> Tensor:
        """What the column's `encode` gives for these values."""


@final
class CategoryGraphEncoder(ColumnGraphEncoder):
    """The graph encoder of `Category`: `[batch]` or `[batch, 1]` ids to int32 `[batch]`.

    Args:
        known_ids: The ids of the vocabulary.

    Example:
        >>> CategoryGraphEncoder(np.array([30, 10]))(tf.constant([10, 7])).numpy()
        array([2, 0], dtype=int32)
    """

    def __init__(self, known_ids: np.ndarray) -> None:
        super().__init__()
        self._rows = RowsGraphEncoder(known_ids)
        self.raw_shape, self.raw_dtype = (None,), self._rows.key_dtype

    def __call__(self, values: Tensor) -> Tensor:
        """`[batch]`, int32."""
        return self._rows(_scalars(values))


@final
class CategoriesGraphEncoder(ColumnGraphEncoder):
    """The graph encoder of `Categories`: `[batch, length]` or ragged ids to int32 `[batch, max_length]`.

    Args:
        known_ids: The ids of the vocabulary.
        max_length: Length of an encoded list.

    Example:
        >>> CategoriesGraphEncoder(np.array([30, 10]), 3)(tf.constant([[10, 7], [-1, -1]])).numpy()
        array([[ 2,  0, -1],
               [-1, -1, -1]], dtype=int32)
    """

    def __init__(self, known_ids: np.ndarray, max_length: int) -> None:
        super().__init__()
        self._rows = RowsGraphEncoder(known_ids)
        self._max_length = max_length
        self.raw_shape, self.raw_dtype = (None, None), self._rows.key_dtype

    def __call__(self, values: Tensor) -> Tensor:
        """`[batch, max_length]`, int32."""
        values = _rectangle(values, "" if self.raw_dtype == tf.string else -1)[:, : self._max_length]
        is_padding = values == ("" if self.raw_dtype == tf.string else tf.cast(-1, values.dtype))
        rows = tf.where(is_padding, -1, self._rows(values))
        missing = self._max_length - tf.shape(rows)[1]
        return tf.ensure_shape(
            tf.pad(rows, [[0, 0], [0, missing]], constant_values=-1), (None, self._max_length)
        )


@final
class TextGraphEncoder(ColumnGraphEncoder):
    """The graph encoder of `Text`: `[batch]` or `[batch, 1]` texts to int32 `[batch, max_length]`.

    Args:
        known_words: The words of the vocabulary.
        max_length: Words of a text that are encoded.
        separators: The regular expression of what stands between words, in RE2's syntax.

    Example:
        >>> encode = TextGraphEncoder(np.array(["the", "rock"], dtype=object), 3, "[^a-z]+")
        >>> encode(tf.constant(["Rock on"])).numpy()
        array([[ 2,  0, -1]], dtype=int32)
    """

    def __init__(self, known_words: np.ndarray, max_length: int, separators: str) -> None:
        super().__init__()
        self._rows = RowsGraphEncoder(known_words)
        self._max_length = max_length
        self._separators = separators
        self.raw_shape, self.raw_dtype = (None,), tf.string

    def __call__(self, values: Tensor) -> Tensor:
        """`[batch, max_length]`, int32."""
        if values.dtype != tf.string:
            raise FeatureError(f"got {values.dtype.name} values, expected text")
        words = split_words(_scalars(values), self._separators)
        rows = words.with_flat_values(self._rows(words.flat_values))
        return rows.to_tensor(default_value=-1, shape=(None, self._max_length))


@final
class NumberGraphEncoder(ColumnGraphEncoder):
    """The graph encoder of `Number`: `[batch]` or `[batch, 1]` numbers to float32 `[batch]`.

    Args:
        mean: The learned mean.
        std: The learned standard deviation.
        is_integer: Whether raw values are int64; float64 else.

    Example:
        >>> NumberGraphEncoder(20.0, 10.0, is_integer=True)(tf.constant([30, 20])).numpy()
        array([1., 0.], dtype=float32)
    """

    def __init__(self, mean: float, std: float, *, is_integer: bool) -> None:
        super().__init__()
        self._mean, self._std = mean, std
        self.raw_shape, self.raw_dtype = (None,), tf.int64 if is_integer else tf.float64

    def __call__(self, values: Tensor) -> Tensor:
        """`[batch]`, float32."""
        return tf.cast((_numbers(values) - self._mean) / self._std, tf.float32)


@final
class BucketsGraphEncoder(ColumnGraphEncoder):
    """The graph encoder of `Buckets`: `[batch]` or `[batch, 1]` numbers to int32 `[batch]`.

    Args:
        edges: The learned edges, rising.
        is_integer: Whether raw values are int64; float64 else.

    Example:
        >>> BucketsGraphEncoder([25.0], is_integer=True)(tf.constant([19, 25, 90])).numpy()
        array([0, 1, 1], dtype=int32)
    """

    def __init__(self, edges: Sequence[float], *, is_integer: bool) -> None:
        super().__init__()
        self._edges = tuple(edges)
        self.raw_shape, self.raw_dtype = (None,), tf.int64 if is_integer else tf.float64

    def __call__(self, values: Tensor) -> Tensor:
        """`[batch]`, int32."""
        edges = tf.constant(self._edges, tf.float64, shape=(len(self._edges),))
        return tf.searchsorted(edges, _numbers(values), side="right", out_type=tf.int32)


@final
class GraphEncoder(tf.Module):
    """All columns of one side: raw features to what its tower takes.

    Whoever is to be exported must hold it as an attribute, for its tables to be saved.

    Args:
        columns: The columns' graph encoders by name.

    Example:
        >>> encode = GraphEncoder({"movie_id": CategoryGraphEncoder(np.array([30, 10]))})
        >>> encode({"movie_id": tf.constant([10, 7])})["movie_id"].numpy()
        array([2, 0], dtype=int32)
        >>> encode.input_signature()
        {'movie_id': TensorSpec(shape=(None,), dtype=tf.int64, name='movie_id')}
    """

    def __init__(self, columns: Mapping[str, ColumnGraphEncoder]) -> None:
        super().__init__()
        self.columns = dict(columns)

    def __call__(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The encoded features.

        Args:
            features: Raw features by name, as `input_signature` tells them; others may be there too.

        Returns:
            Tensors by name.

        Raises:
            FeatureError: A feature is missing or of another type or rank; raised while the graph is built.
        """
        return {name: _encoded(column, name, features) for name, column in self.columns.items()}

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """Shape and type of each raw feature; the batch is open."""
        return {
            name: tf.TensorSpec(column.raw_shape, column.raw_dtype, name=name)
            for name, column in self.columns.items()
        }


def _encoded(column: ColumnGraphEncoder, name: str, features: Mapping[str, Tensor]) -> Tensor:
    if name not in features:
        raise FeatureError(f"got features {sorted(features)}, expected {name!r} among them")
    try:
        return column(features[name])
    except FeatureError as error:
        raise FeatureError(f"column {name!r}: {error}") from error


def _scalars(values: Tensor) -> Tensor:
    if values.shape.rank == 2 and values.shape[1] in (1, None):
        return tf.squeeze(values, axis=1)
    if values.shape.rank != 1:
        raise FeatureError(f"got values of shape {values.shape}, expected [batch] or [batch, 1]")
    return values


def _numbers(values: Tensor) -> Tensor:
    if not (values.dtype.is_integer or values.dtype.is_floating):
        raise FeatureError(f"got {values.dtype.name} values, expected integers or floats")
    return tf.cast(_scalars(values), tf.float64)


def _rectangle(values: Tensor | tf.RaggedTensor, filler: str | int) -> Tensor:
    if values.shape.rank != 2:
        raise FeatureError(f"got values of shape {values.shape}, expected [batch, length] or ragged lists")
    if isinstance(values, tf.RaggedTensor):
        return values.to_tensor(default_value=tf.cast(filler, values.dtype) if filler else "")
    return values
