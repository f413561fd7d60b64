"""What every column does."""

import abc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Self, cast

import numpy as np

from shortlist.errors import FeatureError
from shortlist.typing import ArrayLike

__all__ = ["Column", "Fitter", "naming"]


class Fitter(abc.ABC):
    """Learns what one column needs, from its values part by part, without keeping them."""

    @abc.abstractmethod
    def add(self, values: ArrayLike) -> None:
        """Learn from the values of some rows.

        Raises:
            FeatureError: A value is missing or does not fit the kind of the column.
        """

    @abc.abstractmethod
    def fitted(self) -> Any:
        """The column that has learned.

        Raises:
            FeatureError: There was nothing to learn from.
        """


class Column(abc.ABC):
    """One feature: declared, then learned once from data, then turning values into arrays of a fixed shape.

    A column never changes: `fit` returns one that has learned.
    """

    column: str
    """Name of the feature in the data."""

    is_list: ClassVar[bool]
    """Whether an encoded row is a list of rows, filled up with -1."""

    @property
    @abc.abstractmethod
    def num_rows(self) -> int | None:
        """Rows of its embedding table, more than any encoded value; None for a number that stays as it is."""

    @property
    @abc.abstractmethod
    def is_fitted(self) -> bool:
        """Whether the column can encode."""

    @abc.abstractmethod
    def fitter(self) -> Fitter:
        """What learns for this column from data that come in parts; see `fit` for all at once."""

    def fit(self, values: ArrayLike) -> Self:
        """A column that has learned from the values of all rows; itself when it had learned before.

        Args:
            values: `[n]` or `[n, 1]`, or what else the column takes for n rows.

        Raises:
            FeatureError: No values, a missing one, or values that do not fit the kind of the column.
        """
        if self.is_fitted:
            return self
        fitter = self.fitter()
        with naming(self.column):
            fitter.add(values)
            return cast(Self, fitter.fitted())

    @abc.abstractmethod
    def encode(self, values: ArrayLike) -> np.ndarray:
        """The values of a batch as one numeric array, one row each."""

    @abc.abstractmethod
    def in_graph(self, encoders: Any) -> Any:
        """Return the graph encoder of this column, from the module `encoders`."""

    @abc.abstractmethod
    def get_config(self) -> dict[str, Any]:
        """What was declared and learned, as plain values for JSON; of a vocabulary its size alone."""

    @classmethod
    @abc.abstractmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The column of a config; its `num_rows` is right, its vocabulary is to be loaded."""


@contextmanager
def naming(column: str) -> Iterator[None]:
    """Puts the name of the column before the message of a `FeatureError`.

    Example:
        >>> with naming("age"):
        ...     raise FeatureError("got text")
        Traceback (most recent call last):
        shortlist.errors.FeatureError: column 'age': got text
    """
    try:
        yield
    except FeatureError as error:
        raise FeatureError(f"column {column!r}: {error}") from error
