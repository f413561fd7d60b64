"""test_contracts.py checks Shortlist's optimizers; here each broken one is reported by its clause."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist.optimizers import RowWise
from shortlist.testing import check_optimizer

pytestmark = pytest.mark.contract
register = keras.saving.register_keras_serializable("tests.optimizers")


@register
class Right(keras.optimizers.Optimizer):
    """Gradient descent with momentum; subclasses break it."""

    sign = 1.0

    def __init__(self, learning_rate: Any = 0.02, momentum: float = 0.5, **kwargs: Any) -> None:
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables: Any) -> None:
        if not self.built:
            super().build(variables)
            self.slots = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        slot = self.slots[self._get_variable_index(variable)]
        gradient = keras.ops.cast(keras.ops.convert_to_tensor(gradient), "float32")
        self.assign(slot, self.momentum * slot + keras.ops.cast(gradient, slot.dtype))
        rate = keras.ops.cast(learning_rate, variable.dtype)
        self.assign_sub(variable, self.sign * rate * keras.ops.cast(slot, variable.dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum}


class ShrinksUsedRows(RowWise):
    """Move by a constant, which dense gradients apply to all rows."""

    def __init__(self, learning_rate=0.02, **options):
        super().__init__(learning_rate, **options)

    def slots(self):
        return []

    def new_values(self, gradient, learning_rate, value, *slots):
        return [value - learning_rate * gradient - 0.01]


class LeavesTheGraph(Right):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(np.asarray(gradient), variable, learning_rate)


class Climbs(Right):
    sign = -1.0


@register
class FixesItsRate(Right):
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, 0.02)


class LosesItsMomentum(Right):
    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "momentum": 0.0})


@register
class ForgetsItsState(Right):
    def load_own_variables(self, store):
        pass


@register
class KeepsHalfState(Right):
    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.mean = self.add_variable((), dtype="bfloat16", name="mean")


@register
class ForgetsUnusedRows(Right):
    """Leave rows without a gradient as they are, but not their momentum."""

    def update_step(self, gradient, variable, learning_rate):
        gradient = keras.ops.cast(keras.ops.convert_to_tensor(gradient), "float32")
        slot = self.slots[self._get_variable_index(variable)]
        self.assign(slot, self.momentum * slot + gradient)
        moved = keras.ops.convert_to_tensor(slot)
        step = keras.ops.where(keras.ops.not_equal(gradient, 0.0), moved, 0.0)
        self.assign_sub(variable, keras.ops.cast(learning_rate * step, variable.dtype))


@register
class ShrinksUnusedRows(Right):
    """Move rows without a gradient, and keep no state."""

    def build(self, variables):
        if not self.built:
            keras.optimizers.Optimizer.build(self, variables)

    def update_step(self, gradient, variable, learning_rate):
        gradient = keras.ops.cast(keras.ops.convert_to_tensor(gradient), "float32")
        value = keras.ops.cast(keras.ops.convert_to_tensor(variable), "float32")
        step = learning_rate * (gradient + 0.1 * value)
        self.assign_sub(variable, keras.ops.cast(step, variable.dtype))


@register
class ClimbsInBfloat16(Right):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.sign = -1.0 if keras.config.dtype_policy().compute_dtype == "bfloat16" else 1.0


def local_class() -> Any:
    class OfAFunction(Right):
        pass

    return OfAFunction


@pytest.mark.parametrize(
    ("make", "options", "clause"),
    [
        (ShrinksUsedRows, {}, "sparse"),
        (Climbs, {}, "descends"),
        (Right, {"row_wise": True}, "unused"),  # a row moves on by its momentum
        (ForgetsUnusedRows, {"row_wise": True}, "unused"),
        (ShrinksUnusedRows, {"row_wise": True}, "unused"),
        (LosesItsMomentum, {}, "config"),
        (ForgetsItsState, {}, "saved"),
        (local_class(), {}, "saved"),
        (FixesItsRate, {}, "learning_rate"),
        (KeepsHalfState, {}, "precision"),
        (ClimbsInBfloat16, {}, "precision"),
        (Right, {"refusals": [lambda: None]}, "refusals"),
    ],
)
def test_a_broken_optimizer_is_reported_by_its_clause(
    make: Any, options: dict[str, Any], clause: str
) -> None:
    with pytest.raises(AssertionError, match=f"^{clause}: "):
        check_optimizer(make, **options)


@pytest.mark.skipif(keras.config.backend() == "torch", reason="PyTorch runs steps as they are")
def test_an_optimizer_that_cannot_be_compiled_is_reported() -> None:
    with pytest.raises(AssertionError, match="^sparse: "):
        check_optimizer(LeavesTheGraph)
