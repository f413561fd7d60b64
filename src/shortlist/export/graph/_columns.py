"""The encoding of columns in a TensorFlow graph: the same numbers as `Column.encode`, from raw features.

A graph cannot refuse values: where a column raises for NaN, infinity or invalid UTF-8, its graph encoder
computes on.
"""

import abc
import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, final

import tensorflow as tf

from shortlist.backend.tensorflow._lookup import RowsGraphEncoder
from shortlist.errors import ArgumentError, FeatureError, must
from shortlist.features import Buckets, Categories, Category, Column, Number, Text
from shortlist.features.columns._base import naming, not_fitted
from shortlist.features.columns._text import SEPARATORS
from shortlist.ids import PADDING
from shortlist.typing import Tensor

__all__ = ["ColumnGraphEncoder", "FeatureGraphEncoder", "to_graph"]


class ColumnGraphEncoder(tf.Module, abc.ABC):
    """Encode the raw values of one column in a graph.

    Subclasses set `raw_shape` and `raw_dtype` in their constructor.
    """

    raw_shape: Sequence[int | None]
    """Shape of raw values: `(None,)` for one value per row, `(None, None)` for lists."""

    raw_dtype: tf.DType
    """Type of raw values."""

    @abc.abstractmethod
    def __call__(self, values: Tensor) -> Tensor:
        """Return what the column's `encode` returns for these values."""


@functools.singledispatch
def to_graph(column: Any) -> ColumnGraphEncoder:
    """Return the graph encoder of a fitted column.

    To export a column class of your own, register its graph encoder, which takes the column.

    Raises:
        ArgumentError: If the class of the column has no graph encoder.
        FeatureError: If the column is not fitted.

    Example:
        >>> encode = to_graph(Category("gender").fit(["F", "M"]))
        >>> encode(tf.constant(["M", "?"])).numpy()
        array([2, 0], dtype=int32)
    """
    name = type(column).__name__
    fix = f"Decorate a ColumnGraphEncoder that takes it with @shortlist.export.to_graph.register({name})"
    raise ArgumentError(must(f"column class {name}", "have a graph encoder to be exported", fix=fix))


@to_graph.register(Category)
@final
class _CategoryGraphEncoder(ColumnGraphEncoder):
    """`[batch]` or `[batch, 1]` ids to int32 `[batch]`."""

    def __init__(self, column: Category) -> None:
        super().__init__()
        self._rows = RowsGraphEncoder(column.known.known_ids)
        self.raw_shape, self.raw_dtype = (None,), self._rows.key_dtype

    def __call__(self, values: Tensor) -> Tensor:
        return self._rows(_integers_of_bools(_scalars(values)))


@to_graph.register(Categories)
@final
class _CategoriesGraphEncoder(ColumnGraphEncoder):
    """`[batch, length]` or ragged ids to int32 `[batch, max_length]`."""

    def __init__(self, column: Categories) -> None:
        super().__init__()
        self._rows = RowsGraphEncoder(column.known.known_ids)
        self._padding = PADDING[column.known.kind]
        if column.max_length is None:
            raise not_fitted(column.column)
        self._max_length = column.max_length
        self.raw_shape, self.raw_dtype = (None, None), self._rows.key_dtype

    def __call__(self, values: Tensor) -> Tensor:
        if values.shape.rank != 2:
            requirement = "have shape [batch, length] or be ragged lists"
            raise FeatureError(must("values", requirement, got=values.shape))
        values = _integers_of_bools(values)
        padding = tf.cast(self._padding, values.dtype) if self.raw_dtype != tf.string else self._padding
        if isinstance(values, tf.RaggedTensor):
            values = values.to_tensor(default_value=padding)
        values = values[:, : self._max_length]
        rows = tf.where(values == padding, -1, self._rows(values))
        missing = self._max_length - tf.shape(rows)[1]
        rows = tf.pad(rows, [[0, 0], [0, missing]], constant_values=-1)
        return tf.ensure_shape(rows, (None, self._max_length))


@to_graph.register(Text)
@final
class _TextGraphEncoder(ColumnGraphEncoder):
    """`[batch]` or `[batch, 1]` texts to int32 `[batch, max_length]`."""

    def __init__(self, column: Text) -> None:
        super().__init__()
        self._rows = RowsGraphEncoder(column.known.known_ids)
        self._max_length = column.max_length
        self.raw_shape, self.raw_dtype = (None,), tf.string

    def __call__(self, values: Tensor) -> Tensor:
        if values.dtype != tf.string:
            raise FeatureError(must("values", "be text", got=values.dtype.name))
        lower = tf.strings.lower(_scalars(values))  # ASCII only, because no encoding is named
        words = tf.strings.split(tf.strings.regex_replace(lower, SEPARATORS, " "))
        rows = words.with_flat_values(self._rows(words.flat_values))
        return rows.to_tensor(default_value=-1, shape=(None, self._max_length))


@to_graph.register(Number)
@final
class _NumberGraphEncoder(ColumnGraphEncoder):
    """`[batch]` or `[batch, 1]` numbers to float32 `[batch]`; NaN stays NaN."""

    def __init__(self, column: Number) -> None:
        super().__init__()
        if column.mean is None:
            raise not_fitted(column.column)
        self._mean, self._std = column.mean, column.std
        self.raw_shape, self.raw_dtype = (None,), tf.int64 if column.is_integer else tf.float64

    def __call__(self, values: Tensor) -> Tensor:
        return tf.cast((_numbers(values) - self._mean) / self._std, tf.float32)


@to_graph.register(Buckets)
@final
class _BucketsGraphEncoder(ColumnGraphEncoder):
    """`[batch]` or `[batch, 1]` numbers to int32 `[batch]`; NaN falls into the last range."""

    def __init__(self, column: Buckets) -> None:
        super().__init__()
        if column.edges is None:
            raise not_fitted(column.column)
        self._edges = column.edges
        self.raw_shape, self.raw_dtype = (None,), tf.int64 if column.is_integer else tf.float64

    def __call__(self, values: Tensor) -> Tensor:
        edges = tf.constant(self._edges, tf.float64, shape=(len(self._edges),))
        return tf.searchsorted(edges, _numbers(values), side="right", out_type=tf.int32)


@final
class FeatureGraphEncoder(tf.Module):
    """Encode the raw features of one side of a spec: what its tower takes.

    The object that is exported must hold it as an attribute, so that its tables are saved.

    Args:
        columns: Fitted columns.

    Raises:
        ArgumentError: If the class of a column has no graph encoder.
        FeatureError: If a column is not fitted.

    Example:
        >>> encode = FeatureGraphEncoder([Category("movie_id").fit([30, 10])])
        >>> encode({"movie_id": tf.constant([10, 7])})["movie_id"].numpy()
        array([2, 0], dtype=int32)
        >>> encode.input_signature()
        {'movie_id': TensorSpec(shape=(None,), dtype=tf.int64, name='movie_id')}
    """

    def __init__(self, columns: Iterable[Column]) -> None:
        super().__init__()
        self.columns = {column.column: to_graph(column) for column in columns}

    def __call__(self, features: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the encoded features by name.

        Args:
            features: Raw features by name, as `input_signature` describes them; others are ignored.

        Raises:
            FeatureError: If a feature is missing or of another type or rank, while the graph is built.
        """
        encoded = {}
        for name, column in self.columns.items():
            if name not in features:
                raise FeatureError(must("features", f"have the column {name!r}", got=sorted(features)))
            with naming(name):
                encoded[name] = column(features[name])
        return encoded

    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """Return shape and type of each raw feature; the batch size is open."""
        return {
            name: tf.TensorSpec(column.raw_shape, column.raw_dtype, name=name)
            for name, column in self.columns.items()
        }


def _scalars(values: Tensor) -> Tensor:
    if values.shape.rank == 2 and values.shape[1] in (1, None):
        return tf.squeeze(values, axis=1)
    if values.shape.rank != 1:
        raise FeatureError(must("values", "have shape [batch] or [batch, 1]", got=values.shape))
    return values


def _numbers(values: Tensor) -> Tensor:
    if not (values.dtype.is_integer or values.dtype.is_floating):
        raise FeatureError(must("values", "be integers or floats", got=values.dtype.name))
    return tf.cast(_scalars(values), tf.float64)


def _integers_of_bools(values: Tensor) -> Tensor:
    return tf.cast(values, tf.int64) if values.dtype == tf.bool else values
