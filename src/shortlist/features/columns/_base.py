"""Base class of columns: fit to data, encode raw values, choose the layer that embeds them."""

import abc
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast, final

import keras
import numpy as np

from shortlist.errors import ArtifactError, FeatureError, must
from shortlist.ids import as_array
from shortlist.typing import ArrayLike, Shape

__all__ = [
    "Column",
    "Fitter",
    "deserialize_columns",
    "fit_whole",
    "naming",
    "not_fitted",
    "serialize_columns",
]


class Fitter(abc.ABC):
    """Fit one column to data that comes in parts, without keeping the values."""

    @abc.abstractmethod
    def add(self, values: ArrayLike) -> None:
        """Add the values of some rows.

        Raises:
            FeatureError: If a value is missing or does not fit the column.
        """

    @abc.abstractmethod
    def fitted(self) -> Any:
        """Return the fitted column.

        Raises:
            FeatureError: If there were no values.
        """


class Column(abc.ABC):
    """One feature: declared, fitted to data once, then used to encode raw values as numeric arrays.

    A column never changes: `fit` returns a fitted copy. Subclass it for a column of your own; register the
    class with Keras, so that specs, towers and models with this column can be saved and loaded.

    Example:
        >>> import dataclasses
        >>> @keras.saving.register_keras_serializable("my_package")
        ... @dataclasses.dataclass(frozen=True)
        ... class LogNumber(Column):
        ...     column: str
        ...     largest: float | None = None
        ...     is_fitted = property(lambda self: self.largest is not None)
        ...     def fit(self, values):
        ...         largest = self.largest if self.is_fitted else float(np.max(values))
        ...         return dataclasses.replace(self, largest=largest)
        ...     def encode(self, values):
        ...         return np.float32(np.log1p(values) / np.log1p(self.largest))
        ...     def to_layer(self, embedding_dim, **kwargs):
        ...         return keras.layers.Reshape((1,), **kwargs)
        ...     def examples(self, num_values):
        ...         return np.linspace(0, self.largest, num_values)
        ...     def get_config(self):
        ...         return dataclasses.asdict(self)
        >>> LogNumber("views").fit([0, 99, 9]).encode([0, 99, 9])
        array([0. , 1. , 0.5], dtype=float32)
    """

    column: str
    """Name of the feature in the data."""

    @property
    def num_rows(self) -> int | None:
        """Number of codes, if encoded values are integer codes below it; None otherwise."""
        return None

    @property
    def row_shape(self) -> Shape:
        """Shape of one encoded row: `()` for one number, `(length,)` for a list."""
        return ()

    @property
    @abc.abstractmethod
    def is_fitted(self) -> bool:
        """Tell whether the column can encode."""

    @abc.abstractmethod
    def fit(self, values: ArrayLike) -> Self:
        """Return a column fitted to the values of all rows; itself if it is fitted already.

        Args:
            values: One value per row, `[n]` or `[n, 1]`, or whatever else the column takes.

        Raises:
            FeatureError: If there are no values, one is missing, or they do not fit the column.
        """

    def fitter(self) -> Fitter:
        """Return a `Fitter` that fits this column to data in parts, such as those of files.

        By default all values are kept in memory and handed to `fit`. Override it to keep less.
        """
        return _CollectingFitter(self)

    @abc.abstractmethod
    def encode(self, values: ArrayLike) -> np.ndarray:
        """Encode raw values as a numeric array `[batch, *row_shape]`."""

    @abc.abstractmethod
    def to_layer(self, embedding_dim: int, **kwargs: Any) -> keras.Layer:
        """Return a Keras layer that maps encoded values `[batch, *row_shape]` to vectors `[batch, width]`.

        Args:
            embedding_dim: Width of embeddings in this tower; the layer may have another.
            **kwargs: `name` and `dtype`, to pass to the layer's constructor.
        """

    @abc.abstractmethod
    def examples(self, num_values: int) -> ArrayLike:
        """Return raw values that `encode` takes, to try an exported model with.

        Put special values, such as an unknown one, last.
        """

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """Return plain values for JSON from which `from_config` recreates the column.

        Large state goes to `save_assets`; leave a checksum of it here, which also decides whether two fitted
        columns encode alike.
        """

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return the column of a config; what `save_assets` wrote is loaded afterwards."""
        return cls(**config)

    def save_assets(self, directory: str | os.PathLike[str]) -> None:
        """Write state that is too large for the config into an existing folder; nothing by default."""
        return

    def load_assets(self, directory: str | os.PathLike[str]) -> Self:
        """Return the column with the state that `save_assets` wrote.

        Raises:
            ArtifactError: If a file is missing, damaged or of another column.
        """
        return self


@final
class _CollectingFitter(Fitter):
    def __init__(self, column: Column) -> None:
        self._column = column
        self._parts: list[Any] = []

    def add(self, values: ArrayLike) -> None:
        self._parts.append(values)

    def fitted(self) -> Column:
        if len(self._parts) == 1:
            return self._column.fit(self._parts[0])
        if not self._parts:
            raise FeatureError(must("values", "hold at least one row to fit on", got="none"))
        return self._column.fit(np.concatenate([as_array(part) for part in self._parts]))


def fit_whole(column: Column, values: ArrayLike) -> Any:
    """Fit a column that has a fitter of its own to all values at once."""
    if column.is_fitted:
        return column
    fitter = column.fitter()
    with naming(column.column):
        fitter.add(values)
        return fitter.fitted()


@contextmanager
def naming(column: str) -> Iterator[None]:
    """Put the name of the column before the message of a `FeatureError`.

    Example:
        >>> with naming("age"):
        ...     raise FeatureError("values must be numbers, got text.")
        Traceback (most recent call last):
        shortlist.errors.FeatureError: column 'age': values must be numbers, got text.
    """
    try:
        yield
    except FeatureError as error:
        prefix = f"column {column!r}: "
        if str(error).startswith(prefix):
            raise
        raise type(error)(prefix + str(error)) from error


def not_fitted(column: str) -> FeatureError:
    """Return the error for a column that is used before `fit`."""
    return FeatureError(must(f"column {column!r}", "be fitted before it is used", fix="Call fit first"))


def serialize_columns(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return plain values for JSON that are equal if the fitted columns encode alike."""
    # Not keras.saving.serialize_keras_object, which loads TensorFlow on every backend.
    return [
        {"class": keras.saving.get_registered_name(type(column)), "config": column.get_config()}
        for column in columns
    ]


def deserialize_columns(configs: Sequence[Mapping[str, Any]]) -> list[Column]:
    """Return the columns that `serialize_columns` described.

    Raises:
        ArtifactError: If Keras does not know the class of a column.
    """
    columns = []
    for config in configs:
        cls = keras.saving.get_registered_object(config["class"])
        if cls is None:
            fix = (
                "Decorate it with @keras.saving.register_keras_serializable() and import its module before "
                "loading"
            )
            subject = f"column class {config['class']!r}"
            raise ArtifactError(must(subject, "be registered with Keras", fix=fix))
        columns.append(cast(Column, cls.from_config(config["config"])))
    return columns
