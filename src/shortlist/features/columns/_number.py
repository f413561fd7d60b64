"""One number per row, standardized."""

import dataclasses
import math
from typing import Any, Self, final

import keras
import numpy as np

from shortlist.errors import FeatureError, must
from shortlist.features._values import check_any, check_finite, is_whole, numbers
from shortlist.features.columns._base import Column, Fitter, fit_whole, naming, not_fitted
from shortlist.typing import ArrayLike

__all__ = ["Number"]


@final
@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True)
class Number(Column):
    """Standardize one number per row; the tower takes it without an embedding.

    `encoded = float32((value - mean) / std)`, computed in float64; `std` is 1 if all values are equal.

    Args:
        column: Name of the feature; its values are finite integers or floats, or times, which become seconds
            since 1970 in UTC. An exported model takes these seconds.
        mean: Set by `fit`, unless you give both `mean` and `std`.
        std: Like `mean`; above 0.
        is_integer: Whether raw values are integers; set by `fit`. An exported model takes the same type.

    Raises:
        FeatureError: If only one of `mean` and `std` is given, or `std` is not finite and above 0.

    Example:
        >>> Number("age").fit([10, 30]).encode([30, 20])
        array([1., 0.], dtype=float32)
    """

    column: str
    mean: float | None = None
    std: float | None = None
    is_integer: bool = False

    def __post_init__(self) -> None:
        is_valid = self.std is None or 0 < self.std < math.inf
        if (self.mean is None) != (self.std is None) or not is_valid:
            subject = f"mean and std of column {self.column!r}"
            requirement = "be given together, with a finite std above 0"
            raise FeatureError(must(subject, requirement, got=f"{self.mean} and {self.std}"))

    @property
    def is_fitted(self) -> bool:
        return self.mean is not None

    def fit(self, values: ArrayLike) -> Self:
        return fit_whole(self, values)

    def fitter(self) -> Fitter:
        return _NumberFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """Encode numbers `[batch]` or `[batch, 1]` as float32 `[batch]`.

        Raises:
            FeatureError: If the column is not fitted, or a value is missing, not a finite number, or so far
                from the mean that float32 overflows.
        """
        if self.mean is None or self.std is None:
            raise not_fitted(self.column)
        with naming(self.column), np.errstate(over="ignore"):  # overflows are refused below
            standardized = ((numbers(values) - self.mean) / self.std).astype(np.float32)
            check_finite(standardized)
        return standardized

    def to_layer(self, embedding_dim: int, **kwargs: Any) -> keras.Layer:
        return keras.layers.Reshape((1,), **kwargs)

    def examples(self, num_values: int) -> np.ndarray:
        values = (self.mean or 0.0) + (self.std or 1.0) * np.linspace(0, 1, num_values)
        return values.astype("int64") if self.is_integer else values

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@final
class _NumberFitter(Fitter):
    """Merge the mean and variance of the parts, which stays accurate if the mean is far from 0.

    Reference: Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
        Variances", 1979.
    """

    def __init__(self, column: Number) -> None:
        self._column, self._is_integer = column, True
        self._num_values, self._mean, self._squares = 0, 0.0, 0.0
        self._lowest, self._highest = math.inf, -math.inf

    def add(self, values: ArrayLike) -> None:
        array = numbers(values)
        if not array.size:
            return
        mean, num_before = float(array.mean()), self._num_values
        self._num_values += array.size
        distance, share = mean - self._mean, array.size / self._num_values
        self._mean += distance * share
        self._squares += float(array.var()) * array.size + distance**2 * num_before * share
        self._lowest = min(self._lowest, float(array.min()))
        self._highest = max(self._highest, float(array.max()))
        self._is_integer &= is_whole(values)

    def fitted(self) -> Number:
        check_any(self._num_values)
        std = math.sqrt(self._squares / self._num_values) if self._lowest < self._highest else 1.0
        return dataclasses.replace(self._column, mean=self._mean, std=std, is_integer=self._is_integer)
