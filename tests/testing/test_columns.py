"""A correct column keeps its contract; each broken one is reported by the clause it breaks."""

import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from shortlist.errors import FeatureError
from shortlist.features import Column
from shortlist.testing import check_column, check_saved

pytestmark = pytest.mark.contract
VALUES = [3.0, 9.0, 0.0, 99.0]
register = keras.saving.register_keras_serializable("tests.columns")


@register
@dataclasses.dataclass(frozen=True)
class Right(Column):
    """The logarithm of a number, relative to the largest; subclasses break it."""

    column: str
    largest: float | None = None

    @property
    def is_fitted(self) -> bool:
        return self.largest is not None

    def fit(self, values: Any) -> Any:
        return self if self.is_fitted else dataclasses.replace(self, largest=float(max(self.numbers(values))))

    def encode(self, values: Any) -> Any:
        return np.float32(np.log1p(self.numbers(values)) / np.log1p(self.largest or 1))

    def numbers(self, values: Any) -> np.ndarray:
        numbers = np.asarray(values, "float64")
        if not (numbers >= 0).all():
            raise FeatureError(f"column {self.column!r} must hold numbers >= 0, got {numbers.tolist()}.")
        return numbers

    def to_layer(self, embedding_dim: int, **kwargs: Any) -> keras.Layer:
        return keras.layers.Reshape((1,), **kwargs)

    def examples(self, num_values: int) -> Any:
        return np.linspace(0, self.largest or 1, num_values)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


class FitsInPlace(Right):
    def fit(self, values):
        object.__setattr__(self, "largest", float(np.max(values)))
        return self


class FitsAgain(Right):
    def fit(self, values):
        return dataclasses.replace(self, largest=float(max(self.numbers(values))))


class FirstPart:
    def __init__(self, column):
        self.column, self.first = column, None

    def add(self, values):
        self.first = values if self.first is None else self.first

    def fitted(self):
        return self.column.fit(self.first)


class FitsTheFirstPart(Right):
    def fitter(self):
        return FirstPart(self)


class EncodesText(Right):
    def encode(self, values):
        return super().encode(values).astype(str)


class EncodesRelativeToTheBatch(Right):
    def encode(self, values):
        encoded = super().encode(values)
        return encoded - encoded.mean() if len(encoded) else encoded


class WidensEmptyBatches(Right):
    def encode(self, values):
        return super().encode(values).astype("float32" if len(values) else "float64")


class CodesBeyondItsRows(Right):
    num_rows = 3

    def encode(self, values):
        return np.int32(super().encode(values) * 3)


class CodesBelowZero(Right):
    num_rows = 3

    def encode(self, values):
        return np.int32(super().encode(values) * 2) - np.int32(1)


class IsNeverFitted(Right):
    is_fitted = property(lambda self: False)

    def fit(self, values):
        return super().fit(values) if self.largest is None else self


class KnowsOnlyItsValues(Right):
    def encode(self, values):
        return np.float32([dict(zip(VALUES, VALUES, strict=True))[value] for value in values])


class EncodesMissingAsNaN(Right):
    def numbers(self, values):
        return np.asarray(values, "float64")


class EncodesNaNAsNaN(Right):
    def numbers(self, values):
        if any(value is None for value in values):
            raise FeatureError(f"column {self.column!r} must hold numbers, got None.")
        return np.asarray(values, "float64")


class FitsNoneWithACode(Right):
    def fit(self, values):
        if not self.is_fitted and any(value is None for value in values):
            raise ValueError("E42")
        return super().fit(values)


class RefusesMissingWithACode(Right):
    def numbers(self, values):
        if not np.isfinite(np.asarray(values, "float64")).all():
            raise ValueError("E42")
        return super().numbers(values)


class ReturnsOneExample(Right):
    def examples(self, num_values):
        return [1.0]


class IsNotRegistered(Right):
    pass


@register
class LosesItsLargest(Right):
    def get_config(self):
        return {"column": self.column, "largest": 7.0}


@register
@dataclasses.dataclass(frozen=True)
class ChangesItsConfig(Right):
    note: str = ""

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "note": f"{config['note']} loaded"})


class TellsAnotherShape(keras.layers.Reshape):
    def compute_output_shape(self, input_shape):
        return (*super().compute_output_shape(input_shape)[:-1], 7)


@register
class HasALayerOfAnotherShape(Right):
    def to_layer(self, embedding_dim, **kwargs):
        return TellsAnotherShape((1,), **kwargs)


@register
class HasNoWidth(Right):
    def to_layer(self, embedding_dim, **kwargs):
        return keras.layers.Activation("linear", **kwargs)


@register
class IgnoresTheName(Right):
    def to_layer(self, embedding_dim, *, name=None, **kwargs):
        return super().to_layer(embedding_dim, **kwargs)


class DividesByZero(keras.layers.Reshape):
    def call(self, inputs):
        return super().call(inputs) / keras.ops.zeros((1,))


@register
class HasABrokenLayer(Right):
    def to_layer(self, embedding_dim, **kwargs):
        return DividesByZero((1,), **kwargs)


@register
class KeepsItsStateInTheClass(Right):
    """Its config lacks the largest number, which a new process does not know."""

    fitted_to: float | None = None

    is_fitted = property(lambda self: self.largest is not None)

    def fit(self, values):
        fitted = super().fit(values)
        type(self).fitted_to = fitted.largest
        return fitted

    def encode(self, values):
        return np.float32(np.log1p(self.numbers(values)) / np.log1p(type(self).fitted_to or 1))


def test_a_correct_column_passes() -> None:
    def refused() -> Any:
        return Right("views").fit([-1.0])

    check_column(Right("views"), VALUES, unseen=[5.0, 1e6], refusals=[refused])
    check_column(Right("views"), np.float32(VALUES))


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize(
    ("of", "options", "clause"),
    [
        (FitsInPlace, {}, "fit"),
        (FitsAgain, {}, "fit"),
        (IsNeverFitted, {}, "fit: fit returned a column that is not fitted"),
        (lambda name: Right(name).fit(VALUES), {}, "fit: the column is fitted already"),
        (FitsTheFirstPart, {}, "parts"),
        (EncodesText, {}, "encode"),
        (EncodesRelativeToTheBatch, {}, "encode"),
        (WidensEmptyBatches, {}, "encode"),
        (CodesBeyondItsRows, {}, "encode"),
        (CodesBelowZero, {}, "encode"),
        (KnowsOnlyItsValues, {"unseen": [5.0]}, "unseen"),
        (EncodesMissingAsNaN, {}, "missing"),
        (EncodesNaNAsNaN, {}, "missing"),
        (FitsNoneWithACode, {}, "missing"),
        (RefusesMissingWithACode, {}, "missing"),
        (ReturnsOneExample, {}, "examples"),
        (IsNotRegistered, {}, "config"),
        (LosesItsLargest, {}, "config"),
        (ChangesItsConfig, {}, "config"),
        (HasNoWidth, {}, "layer"),
        (HasALayerOfAnotherShape, {}, "layer: compute_output_shape returns"),
        (IgnoresTheName, {}, "layer"),
        (HasABrokenLayer, {}, "layer: finite"),
        (Right, {"refusals": [lambda: None]}, "refusals"),
    ],
)
def test_a_broken_column_is_reported_by_its_clause(of: Any, options: dict[str, Any], clause: str) -> None:
    with pytest.raises(AssertionError, match=f"^{clause}"):
        check_column(of("views"), VALUES, **options)


def test_a_column_that_a_new_process_cannot_restore_is_reported(tmp_path: Path) -> None:
    check_column(KeepsItsStateInTheClass("views"), VALUES, folder=tmp_path)
    with pytest.raises(AssertionError, match="^saved: in a new process, KeepsItsStateInTheClass_0: "):
        check_saved(tmp_path)
