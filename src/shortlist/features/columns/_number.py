"""One number a row, standardized."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.errors import FeatureError
from shortlist.features._values import check_any, check_finite, is_whole, numbers
from shortlist.features.columns._base import Column, Fitter, naming
from shortlist.typing import ArrayLike

__all__ = ["Number"]


@final
@dataclasses.dataclass(frozen=True)
class Number(Column):
    """One number a row, encoded as its distance from the learned mean in learned standard deviations.

    `encoded = float32((value - mean) / std)`, computed in float64; `std` is 1 where all values are equal.

    Args:
        column: Name of the feature; its values are finite integers or floats, or times, which
            become seconds since 1970 in UTC, floats; an exported model takes these seconds.
        mean: Learned by `fit`, or your own together with `std`, which `fit` then keeps.
        std: Learned by `fit`, or your own, above 0.
        is_integer: Whether raw values are integers, which an exported model asks for; learned by `fit`.

    Raises:
        FeatureError: `mean` or `std` without the other, or a `std` that is not finite and above 0.

    Example:
        >>> Number("age").fit([10, 30]).encode([30, 20])
        array([1., 0.], dtype=float32)
    """

    column: str
    mean: float | None = None
    std: float | None = None
    is_integer: bool = False
    is_list: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if (self.mean is None) != (self.std is None) or not 0 < (
            1.0 if self.std is None else self.std
        ) < math.inf:
            raise FeatureError(
                f"column {self.column!r}: got mean {self.mean} and std {self.std}, "
                "expected both, with a finite std above 0, or none"
            )

    @property
    def num_rows(self) -> None:
        """None: a number is not embedded."""

    @property
    def is_fitted(self) -> bool:
        """Whether mean and standard deviation are known."""
        return self.mean is not None

    def fitter(self) -> Fitter:
        """What learns mean and standard deviation."""
        return _NumberFitter(self)

    def encode(self, values: ArrayLike) -> np.ndarray:
        """The standardized numbers.

        Args:
            values: `[batch]` or `[batch, 1]`.

        Returns:
            `[batch]`, float32.

        Raises:
            FeatureError: The column is not fitted, or a value is missing, NaN, infinite, no number, or so far
                from the mean that float32 does not hold it.
        """
        mean, std = self._learned()
        with naming(self.column), np.errstate(over="ignore"):  # what overflows is refused
            standardized = ((numbers(values) - mean) / std).astype(np.float32)
            check_finite(standardized)
        return standardized

    def _learned(self) -> tuple[float, float]:
        if self.mean is None or self.std is None:
            raise FeatureError(f"column {self.column!r} has learned nothing yet: call fit before it is used")
        return self.mean, self.std

    def in_graph(self, encoders: Any) -> Any:
        """The same encoding in a graph, where NaN stays NaN: a graph cannot refuse it."""
        return encoders.NumberGraphEncoder(*self._learned(), is_integer=self.is_integer)

    def get_config(self) -> dict[str, Any]:
        """All fields."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """The column."""
        return cls(**config)


@final
class _NumberFitter(Fitter):
    """Merges the moments of the parts, which loses no digits where the mean is far from 0.

    Source: Chan, Golub, LeVeque: Updating Formulae and a Pairwise Algorithm for Computing Sample Variances,
    1979.
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
