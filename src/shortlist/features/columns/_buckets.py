"""One number a row, as the range it falls into."""

import dataclasses
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features._values import check_any, is_whole, numbers
from shortlist.features.columns._base import Column, Fitter, naming
from shortlist.typing import ArrayLike

__all__ = ["Buckets"]

_SAMPLE = 2**20


@final
@dataclasses.dataclass(frozen=True)
class Buckets(Column):
    """One number a row, encoded as the learned range it falls into; about as many values fall into each.

    `encoded = number of edges <= value`, compared in float64, where the edges are the quantiles
    `1/num_buckets`, `2/num_buckets` and so on, each once; of more than 2^20 values, those of so many chosen
    by chance.

    Args:
        column: Name of the feature, such as a time or an age; its values are finite integers or floats, or
            times, which become seconds since 1970 in UTC, floats; an exported model takes these seconds.
        num_buckets: Ranges at most; fewer where quantiles are equal.
        edges: Learned by `fit`, or your own in rising order, which `fit` then keeps.
        is_integer: Whether raw values are integers, which an exported model asks for; learned by `fit`.

    Raises:
        ArgumentError: `num_buckets` is below 1, or the edges do not rise.

    Example:
        >>> Buckets("age", num_buckets=2).fit([10, 20, 30, 40]).encode([19, 25, 90])
        array([0, 1, 1], dtype=int32)
    """

    column: str
    num_buckets: int = 100
    edges: tuple[float, ...] | None = None
    is_integer: bool = False
    is_list: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.num_buckets < 1:
            raise ArgumentError(
                f"column {self.column!r}: got num_buckets {self.num_buckets}, expected at least 1"
            )
        if self.edges is not None and not all(low < high for low, high in pairwise(self.edges)):
            raise ArgumentError(f"column {self.column!r}: got edges {self.edges}, expected rising numbers")

    @property
    def num_rows(self) -> int:
        """Number of ranges.

        Raises:
            FeatureError: The column has not learned.
        """
        return len(self._learned()) + 1

    @property
    def is_fitted(self) -> bool:
        """Whether the edges are known."""
        return self.edges is not None

    def fitter(self) -> Fitter:
        """What learns the edges: of up to 2^20 values exactly, of more from so many chosen by chance."""
        return _BucketsFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """The range of each number.

        Args:
            values: `[batch]` or `[batch, 1]`.

        Returns:
            `[batch]`, int32, from 0 to `num_rows - 1`.

        Raises:
            FeatureError: The column is not fitted, or a value is missing, NaN, infinite or no number.
        """
        edges = self._learned()
        with naming(self.column):
            return np.searchsorted(np.array(edges), numbers(values), side="right").astype(np.int32)

    def _learned(self) -> tuple[float, ...]:
        if self.edges is None:
            raise FeatureError(f"column {self.column!r} has learned nothing yet: call fit before it is used")
        return self.edges

    def in_graph(self, encoders: Any) -> Any:
        """The same encoding in a graph, where NaN falls into the last range: a graph cannot refuse it."""
        return encoders.BucketsGraphEncoder(self._learned(), is_integer=self.is_integer)

    def get_config(self) -> dict[str, Any]:
        """All fields."""
        return {**dataclasses.asdict(self), "edges": None if self.edges is None else list(self.edges)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The column."""
        edges = config["edges"]
        return cls(**{**config, "edges": None if edges is None else tuple(edges)})


@final
class _BucketsFitter(Fitter):
    """Quantiles of a fair sample: each value draws a number, and those of the smallest numbers stay.

    The sample does not depend on how the values are divided into parts. A quantile of 2^20 values is, in
    rank, about 0.05 % of all values from the exact one.
    """

    def __init__(self, column: Buckets) -> None:
        self._column, self._is_integer = column, True
        self._sample, self._draws = np.empty(0), np.empty(0)
        self._generator = np.random.default_rng(0)

    def add(self, values: ArrayLike) -> None:
        array = numbers(values)
        draws = self._generator.random(len(array))
        if len(self._draws) == _SAMPLE:
            is_in = draws < self._draws.max()
            array, draws = array[is_in], draws[is_in]
        self._sample = np.concatenate([self._sample, array])
        self._draws = np.concatenate([self._draws, draws])
        self._cut()
        self._is_integer &= is_whole(values)

    def _cut(self) -> None:
        if len(self._draws) > _SAMPLE:
            smallest = np.argpartition(self._draws, _SAMPLE)[:_SAMPLE]
            self._sample, self._draws = self._sample[smallest], self._draws[smallest]

    def fitted(self) -> Buckets:
        check_any(len(self._sample))
        quantiles = np.arange(1, self._column.num_buckets) / self._column.num_buckets
        edges = np.unique(np.quantile(self._sample, quantiles)).tolist()
        return dataclasses.replace(self._column, edges=tuple(edges), is_integer=self._is_integer)
