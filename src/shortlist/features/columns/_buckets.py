"""One number per row, as the range it falls into."""

import dataclasses
from itertools import pairwise
from typing import Any, Self, final

import keras
import numpy as np

from shortlist.errors import ArgumentError, must
from shortlist.features._values import check_any, is_whole, numbers
from shortlist.features.columns._base import Column, Fitter, fit_whole, naming, not_fitted
from shortlist.layers import Embedding
from shortlist.typing import ArrayLike

__all__ = ["Buckets"]

_SAMPLE_SIZE = 2**20


@final
@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class Buckets(Column):
    """Encode one number per row as the quantile range it falls into.

    `encoded = number of edges <= value`, compared in float64. The edges are the distinct quantiles
    `1/num_buckets`, `2/num_buckets`, ...; of more than 2^20 values, those of a random sample of that size.

    Args:
        column: Name of the feature, such as a time or an age; its values are finite integers or floats, or
            times, which become seconds since 1970 in UTC. An exported model takes these seconds.
        num_buckets: Largest number of ranges; there are fewer if quantiles are equal.
        edges: Set by `fit`, or your own in rising order, which `fit` then keeps.
        is_integer: Whether raw values are integers, the type that an exported model takes; set by `fit`.

    Raises:
        ArgumentError: If `num_buckets` is below 1, or the edges do not rise.

    Example:
        >>> Buckets("age", num_buckets=2).fit([10, 20, 30, 40]).encode([19, 25, 90])
        array([0, 1, 1], dtype=int32)
    """

    column: str
    num_buckets: int = 100
    edges: tuple[float, ...] | None = None
    is_integer: bool = False

    def __post_init__(self) -> None:
        if self.num_buckets < 1:
            subject = f"num_buckets of column {self.column!r}"
            raise ArgumentError(must(subject, "be >= 1", got=self.num_buckets))
        if self.edges is not None and not all(low < high for low, high in pairwise(self.edges)):
            subject = f"edges of column {self.column!r}"
            raise ArgumentError(must(subject, "be rising numbers", got=self.edges))

    @property
    def num_rows(self) -> int:
        """Number of ranges.

        Raises:
            FeatureError: If the column is not fitted.
        """
        if self.edges is None:
            raise not_fitted(self.column)
        return len(self.edges) + 1

    @property
    def is_fitted(self) -> bool:
        return self.edges is not None

    def fit(self, values: ArrayLike) -> Self:
        return fit_whole(self, values)

    def fitter(self) -> Fitter:
        return _BucketsFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """Encode numbers `[batch]` or `[batch, 1]` as int32 `[batch]`, from 0 to `num_rows - 1`.

        Raises:
            FeatureError: If the column is not fitted, or a value is missing or not a finite number.
        """
        if self.edges is None:
            raise not_fitted(self.column)
        with naming(self.column):
            return np.searchsorted(np.array(self.edges), numbers(values), side="right").astype(np.int32)

    def to_layer(self, embedding_dim: int, **kwargs: Any) -> keras.Layer:
        return Embedding(self.num_rows, embedding_dim, **kwargs)

    def examples(self, num_values: int) -> np.ndarray:
        edges = self.edges or (0.0,)
        values = edges[len(edges) // 2] + (edges[-1] - edges[0]) * np.linspace(0, 1, num_values)
        return values.astype("int64") if self.is_integer else values

    def get_config(self) -> dict[str, Any]:
        return {**dataclasses.asdict(self), "edges": None if self.edges is None else list(self.edges)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        edges = config["edges"]
        return cls(**{**config, "edges": None if edges is None else tuple(edges)})


@final
class _BucketsFitter(Fitter):
    """Take quantiles of a uniform sample: each value draws a number, and the smallest draws stay.

    The sample does not depend on how the values are divided into parts. A quantile of 2^20 values is, in
    rank, about 0.05 % of all values away from the exact one.
    """

    def __init__(self, column: Buckets) -> None:
        self._column, self._is_integer = column, True
        self._sample, self._draws = np.empty(0), np.empty(0)
        self._generator = np.random.default_rng(0)

    def add(self, values: ArrayLike) -> None:
        array = numbers(values)
        draws = self._generator.random(len(array))
        if len(self._draws) == _SAMPLE_SIZE:
            is_in = draws < self._draws.max()
            array, draws = array[is_in], draws[is_in]
        self._sample = np.concatenate([self._sample, array])
        self._draws = np.concatenate([self._draws, draws])
        if len(self._draws) > _SAMPLE_SIZE:
            smallest = np.argpartition(self._draws, _SAMPLE_SIZE)[:_SAMPLE_SIZE]
            self._sample, self._draws = self._sample[smallest], self._draws[smallest]
        self._is_integer &= is_whole(values)

    def fitted(self) -> Buckets:
        check_any(len(self._sample))
        quantiles = np.arange(1, self._column.num_buckets) / self._column.num_buckets
        edges = np.unique(np.quantile(self._sample, quantiles)).tolist()
        return dataclasses.replace(self._column, edges=tuple(edges), is_integer=self._is_integer)
