"""test_contracts.py checks Shortlist's layers; here each broken one is reported by its clause."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from shortlist.testing import check_layer

pytestmark = pytest.mark.contract
INPUTS = np.float32([[1, 2, 3], [0, -1, 2]])


@keras.saving.register_keras_serializable("tests.layers")
class Right(keras.layers.Layer):
    """Scale each feature; subclasses break it."""

    def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return ops.cast(inputs, self.compute_dtype) * ops.cast(self.scale, self.compute_dtype) * self.start

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}


class MakesVariablesInEachCall(Right):
    def call(self, inputs, training=None):
        if not ops.is_tensor(inputs) or inputs.shape[0] == 1:
            self._tracker.unlock()
            self.extra = self.add_weight(shape=(1,), name="extra")
        return super().call(inputs)


class DividesByZero(Right):
    def call(self, inputs, training=None):
        return super().call(inputs) / ops.zeros((1,))


class TellsAnotherShape(Right):
    def compute_output_spec(self, inputs, training=None):
        return keras.KerasTensor((*inputs.shape[:-1], 7), self.compute_dtype)


class CountsInInference(Right):
    def build(self, input_shape):
        super().build(input_shape)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, inputs, training=None):
        self.count.assign_add(1.0)
        return super().call(inputs)


class StopsGradient(Right):
    def call(self, inputs, training=None):
        return ops.stop_gradient(super().call(inputs))


class KeepsHalfVariables(Right):
    def build(self, input_shape):
        dtype = self.compute_dtype
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", dtype=dtype, name="scale")


class OverflowsInHalf(Right):
    def call(self, inputs, training=None):
        return super().call(inputs) * 1e4 * 1e4 / 1e4 / 1e4


class LosesItsArgument(Right):
    def get_config(self):
        return keras.layers.Layer.get_config(self)


def local_class() -> Any:
    class OfAFunction(Right):
        pass

    return OfAFunction


@pytest.mark.filterwarnings("ignore:Gradients do not exist", "ignore:divide by zero", "ignore:overflow")
@pytest.mark.parametrize(
    ("make", "refusals", "name"),
    [
        (MakesVariablesInEachCall, [], "build"),
        (DividesByZero, [], "finite"),
        (TellsAnotherShape, [], "shapes"),
        (CountsInInference, [], "inference"),
        (KeepsHalfVariables, [], "precision"),
        (OverflowsInHalf, [], "precision"),
        (lambda: LosesItsArgument(start=0.5), [], "config"),
        (StopsGradient, [], "trains"),
        (local_class(), [], "saved"),
        (Right, [lambda: None], "refusals"),
    ],
)
def test_a_broken_layer_is_reported_by_its_clause(make: Any, refusals: list[Any], name: str) -> None:
    with pytest.raises(AssertionError, match=f"^{name}: "):
        check_layer(make, INPUTS, refusals=refusals)
