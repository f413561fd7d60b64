"""One step of training and of evaluation, through Keras' loop, on a loss whose gradient is known."""

from typing import Any

import keras
import numpy as np
import pytest

import shortlist as sl

TARGET = np.float32([[1, 2], [3, 6]])


class Mean(sl.Model):
    """`mean((target - w)^2)`; counts its steps in a variable that is not trained."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = self.add_weight(shape=(2,), initializer="zeros", name="weight")
        self.steps = self.add_weight(shape=(), initializer="zeros", trainable=False, name="steps")
        self.largest = keras.metrics.Mean(name="largest")

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        if training:
            self.steps.assign_add(1.0)
        self.largest.update_state(keras.ops.max(inputs))
        return keras.ops.mean(keras.ops.square(keras.ops.subtract(inputs, self.weight)))


def compiled(optimizer: Any, **options: Any) -> Mean:
    model = Mean()
    model.compile(optimizer=optimizer, **options)
    return model


def weight_of(model: Mean) -> list[float]:
    return np.asarray(keras.ops.convert_to_numpy(model.weight.value)).tolist()


@pytest.mark.contract
@pytest.mark.parametrize("options", [{}, {"jit_compile": False}, {"run_eagerly": True}], ids=str)
def test_a_step_descends_and_keeps_state(options: dict[str, Any]) -> None:
    """d/dw mean((t - w)^2) at 0 is -(mean over rows of t), as there are two columns: w = rate * mean t."""
    model = compiled(keras.optimizers.SGD(0.5), **options)
    logs = model.fit(TARGET, batch_size=2, epochs=1, verbose=0).history
    assert logs == {"loss": [pytest.approx((1 + 4 + 9 + 36) / 4)], "largest": [6]}
    assert weight_of(model) == pytest.approx([1.0, 2.0])
    assert float(model.steps.value) == 1
    assert int(model.optimizer.iterations.value) == 1


@pytest.mark.contract
def test_evaluation_changes_nothing() -> None:
    model = compiled("sgd")
    logs = model.evaluate(TARGET, batch_size=1, verbose=0, return_dict=True)
    assert logs == {"loss": pytest.approx(12.5), "largest": pytest.approx(4)}
    assert weight_of(model) == [0, 0]
    assert float(model.steps.value) == 0


@pytest.mark.contract
def test_a_scaled_loss_gives_the_same_step() -> None:
    """What is scaled against underflow is scaled back before it is applied."""
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5), initial_scale=1024.0)
    model = compiled(optimizer)
    model.fit(TARGET, batch_size=2, epochs=1, verbose=0)
    assert weight_of(model) == pytest.approx([1.0, 2.0])


@pytest.mark.contract
def test_weights_that_are_frozen_stay() -> None:
    model = compiled(keras.optimizers.SGD(0.5))
    model.extra = keras.layers.Dense(1)
    model.extra.build((None, 2))
    model.extra.trainable = False
    before = model.extra.get_weights()[0].tolist()
    model.fit(TARGET, batch_size=2, epochs=2, verbose=0)
    assert model.extra.get_weights()[0].tolist() == before


@pytest.mark.contract
def test_accumulated_gradients_are_applied_every_second_step() -> None:
    model = compiled(keras.optimizers.SGD(0.5, gradient_accumulation_steps=2))
    model.fit(TARGET, batch_size=1, epochs=1, shuffle=False, verbose=0)
    assert weight_of(model) == pytest.approx([1.0, 2.0])


@pytest.mark.contract
@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_a_trainable_weight_without_a_gradient_is_left_alone() -> None:
    model = compiled(keras.optimizers.SGD(0.5))
    model.unused = keras.layers.Dense(1)
    model.unused.build((None, 2))
    before = model.unused.get_weights()[0].tolist()
    model.fit(TARGET, batch_size=2, epochs=1, verbose=0)
    assert model.unused.get_weights()[0].tolist() == before
    assert weight_of(model) == pytest.approx([1.0, 2.0])
