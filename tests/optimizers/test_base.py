"""What holds for every row-wise optimizer, next to an oracle that goes through the rows one by one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.optimizers.cases import (
    CASES,
    DIM,
    NUM_ROWS,
    RATE,
    Looking,
    LookingTwice,
    check,
    fitted,
    gradients,
    slots_of,
    values,
    world,
)
from tests.oracles import optimizers as oracles

import shortlist as sl
from shortlist.errors import ArgumentError

pytestmark = pytest.mark.contract
each_optimizer = pytest.mark.parametrize("name", CASES)


@each_optimizer
def test_used_rows_equal_the_oracle_and_others_stay(name: str) -> None:
    data = world()
    model, before = fitted(Looking(), CASES[name].make(), data)
    check(model, before, CASES[name], gradients(data))


@pytest.mark.parametrize("options", [{"run_eagerly": True}, {"jit_compile": False}], ids=str)
def test_however_the_step_is_run(options: dict[str, Any]) -> None:
    data = world(seed=1)
    model, before = fitted(Looking(), CASES["adam"].make(), data, **options)
    check(model, before, CASES["adam"], gradients(data))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="XLA under TensorFlow")
def test_compiled_by_xla() -> None:
    data = world(seed=1)
    model, before = fitted(Looking(), CASES["adam"].make(), data, jit_compile=True)
    check(model, before, CASES["adam"], gradients(data))


@pytest.mark.parametrize("name", ["sgd", "adagrad"])
def test_in_a_model_that_is_all_of_keras(name: str) -> None:
    """One step along the mean of the squares of 9 ones, whose gradient is 2 / 9 in each place."""
    rows = np.int32([1, 4, 1])
    model = keras.Sequential([sl.layers.Embedding(NUM_ROWS, DIM, embeddings_initializer="ones")])
    model.compile(optimizer=CASES[name].make(), loss="mse")
    model.fit(rows, np.zeros((3, DIM), "float32"), batch_size=3, verbose=0)
    batch = oracles.summed(rows, np.full((3, DIM), 2 / 9))
    expected = oracles.trained(np.ones((NUM_ROWS, DIM)), CASES[name].start(), [batch], CASES[name].formula)
    np.testing.assert_allclose(model.get_weights()[0], expected.table, rtol=1e-5)


def test_rows_are_forgotten_after_their_step() -> None:
    model, _ = fitted(Looking(), CASES["sgd"].make(), world(num_steps=1))
    table = model.table.embeddings
    before = values(table)
    model.optimizer.apply([np.ones((NUM_ROWS, DIM), "float32")], [table])
    np.testing.assert_allclose(values(table), before - RATE, rtol=1e-5, atol=1e-6)


def test_gradients_without_variables_are_those_it_was_built_for() -> None:
    table, optimizer = keras.Variable(np.ones((2, 1), "float32")), sl.optimizers.SGD(0.5)
    with pytest.raises(ValueError, match="must already be built"):
        optimizer.apply([np.ones((2, 1), "float32")])
    optimizer.build([table])
    optimizer.apply([np.ones((2, 1), "float32")])
    assert values(table).tolist() == [[0.5], [0.5]]


@pytest.mark.parametrize("name", ["momentum", "row_wise_adagrad"])
def test_a_table_that_is_looked_up_twice(name: str) -> None:
    data = world(seed=2)
    model, before = fitted(LookingTwice(), CASES[name].make(), data)
    check(model, before, CASES[name], gradients(data))


def test_a_row_without_gradient_rests_although_it_has_momentum() -> None:
    """Row 1 is used in the first step, and is padding in the second."""
    data = {"rows": np.ones((10, 1), "int32"), "coefficients": np.ones((10, 1, DIM), "float32")}
    data["coefficients"][5:] = 0
    model, before = fitted(Looking(), CASES["momentum"].make(), data)
    np.testing.assert_allclose(values(model.table.embeddings)[1], before[1] - 5 * RATE, rtol=1e-6)
    np.testing.assert_allclose(slots_of(model)[0][1], -5 * RATE)


def test_a_row_without_gradient_rests_although_the_formula_divides_by_zero() -> None:
    data = {"rows": np.int32([[1], [2]] * 5), "coefficients": np.zeros((10, 1, DIM), "float32")}
    data["coefficients"][::2] = 1
    optimizer = sl.optimizers.Adagrad(RATE, initial_accumulator_value=0.0, epsilon=0.0)
    model, before = fitted(Looking(), optimizer, data)
    after = values(model.table.embeddings)
    assert (after[2] == before[2]).all()
    assert np.isfinite(after).all()


@pytest.mark.parametrize("name", ["sgd", "row_wise_adagrad", "adam"])
def test_a_table_that_is_also_read_as_a_whole_has_its_dense_gradient(name: str) -> None:
    """L2 on all weights, `weight * w^2`, adds `2 * weight * w` to every row, in every step."""
    weight, data, case = 0.125, world(num_steps=1), CASES[name]
    table = sl.layers.Embedding(NUM_ROWS, DIM, embeddings_regularizer=keras.regularizers.L2(weight))
    model, before = fitted(Looking(table), case.make(), data)
    (batch,) = gradients(data)
    dense = {row: 2 * weight * before[row] + batch.get(row, 0) for row in range(NUM_ROWS)}
    expected = oracles.trained(before, case.start(), [dense], case.formula)
    np.testing.assert_allclose(values(model.table.embeddings), expected.table, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["sgd", "adagrad", "row_wise_adagrad"])
def test_the_embedding_layer_of_keras_learns_the_same(name: str) -> None:
    """Where a zero gradient changes nothing, it does not matter how the gradient comes."""
    data = world(seed=3)
    model, before = fitted(Looking(keras.layers.Embedding(NUM_ROWS, DIM)), CASES[name].make(), data)
    check(model, before, CASES[name], gradients(data))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (sl.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)),
        (sl.optimizers.SGD(0.1, momentum=0.9), keras.optimizers.SGD(0.1, momentum=0.9)),
        (sl.optimizers.Adagrad(0.1), keras.optimizers.Adagrad(0.1)),
        (sl.optimizers.Adam(0.1), keras.optimizers.Adam(0.1)),
    ],
    ids=lambda optimizer: type(optimizer).__module__.split(".")[0] + "." + optimizer.name,
)
def test_dense_layers_learn_as_with_keras(ours: Any, theirs: Any) -> None:
    """With the defaults of Keras for all that is not given."""
    generator = np.random.default_rng(0)
    inputs, targets = generator.normal(size=(12, 4)), generator.normal(size=(12, 2))
    weights = []
    for optimizer in (ours, theirs):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)])
        model.compile(optimizer=optimizer, loss="mse")
        model.fit(inputs, targets, batch_size=4, shuffle=False, verbose=0, epochs=2)
        weights.append(model.get_weights())
    for value, expected in zip(*weights, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["momentum", "row_wise_adagrad", "adam"])
def test_training_goes_on_from_a_file_as_if_never_stopped(name: str, tmp_path: Path) -> None:
    data, more = world(), world(seed=5)
    model, _ = fitted(Looking(), CASES[name].make(), data)
    model.save(tmp_path / "model.keras")
    again = sl.load_model(tmp_path / "model.keras", custom_objects={"Looking": Looking})
    assert again.optimizer.get_config() == model.optimizer.get_config()
    for each in (model, again):
        each.fit(more, batch_size=5, shuffle=False, verbose=0)
    for value, expected in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(values(value), values(expected))
    np.testing.assert_array_equal(values(again.table.embeddings), values(model.table.embeddings))


@pytest.mark.slow
def test_a_new_process_knows_the_optimizer_of_a_file(run_python: Callable[..., str], tmp_path: Path) -> None:
    table = {"user": ["ann", "bob"], "film": ["Up", "Heat"]}
    data = sl.data.Interactions.from_table(table, user="user", item="film")
    model = sl.models.TwoTower.from_interactions(data, embedding_dim=2)
    model.compile(optimizer=sl.optimizers.Adam())
    model.fit(data, verbose=0)
    model.save(tmp_path / "model.keras")
    code = """
import shortlist as sl
optimizer = sl.load_model("model.keras").optimizer
print(type(optimizer).__name__, int(optimizer.iterations.value))
"""
    assert run_python(code, backend=keras.backend.backend()) == "Adam 1\n"


def test_a_schedule_gives_the_rate_of_each_step() -> None:
    data = {"rows": np.ones((10, 1), "int32"), "coefficients": np.ones((10, 1, DIM), "float32")}
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([0], [0.5, 0.25])
    model, before = fitted(Looking(), sl.optimizers.SGD(schedule), data)
    expected = before[1] - 0.5 * 5 - 0.25 * 5
    np.testing.assert_allclose(values(model.table.embeddings)[1], expected, rtol=1e-5)


@pytest.mark.parametrize("option", ["clipnorm", "global_clipnorm"])
def test_the_norm_that_is_clipped_is_that_of_the_summed_rows(option: str) -> None:
    data = world(seed=6)
    model, before = fitted(Looking(), CASES["adagrad"].make(**{option: 1.5}), data)
    batches = [oracles.clipped_by_norm(batch, 1.5) for batch in gradients(data)]
    check(model, before, CASES["adagrad"], batches)


def test_the_values_that_are_clipped_are_the_summed_ones() -> None:
    data = world(seed=7)
    model, before = fitted(Looking(), CASES["sgd"].make(clipvalue=0.75), data)
    batches = [
        {row: gradient.clip(-0.75, 0.75) for row, gradient in batch.items()} for batch in gradients(data)
    ]
    check(model, before, CASES["sgd"], batches)


@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize("scale", ["fixed", "dynamic"])
def test_a_scaled_loss_gives_the_same_step(name: str, scale: str) -> None:
    data, case = world(seed=8), CASES[name]
    if scale == "fixed":
        optimizer = case.make(loss_scale_factor=64.0)
    else:
        optimizer = keras.optimizers.LossScaleOptimizer(case.make(), initial_scale=64.0)
    model, before = fitted(Looking(), optimizer, data)
    check(model, before, case, gradients(data))


@pytest.mark.parametrize("name", ["momentum", "row_wise_adagrad", "adam"])
def test_mixed_precision_keeps_the_table_in_float32(name: str) -> None:
    """Coefficients and their sums are exact in bfloat16, so the gradients are those of float32."""
    data = world(seed=9)
    table = sl.layers.Embedding(NUM_ROWS, DIM, dtype="mixed_bfloat16")
    model, before = fitted(Looking(table), CASES[name].make(), data)
    check(model, before, CASES[name], gradients(data))


def test_a_table_in_bfloat16() -> None:
    data = world(seed=10, num_steps=2)
    table = sl.layers.Embedding(NUM_ROWS, DIM, dtype="bfloat16")
    model, before = fitted(Looking(table), CASES["adagrad"].make(), data)
    check(model, before, CASES["adagrad"], gradients(data), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize(
    "option", [{"weight_decay": 0.1}, {"use_ema": True}, {"gradient_accumulation_steps": 2}], ids=str
)
def test_what_would_change_every_row_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(
        ArgumentError, match=rf"{next(iter(option))} must be unset for Adam, .*every row.*, got .*\. "
    ):
        sl.optimizers.Adam(**option)


def test_a_constraint_of_a_table_is_refused() -> None:
    table = sl.layers.Embedding(NUM_ROWS, DIM, embeddings_constraint="non_neg")
    with pytest.raises(ArgumentError, match="must have no constraint, .*every row.*, got NonNeg. Normalize"):
        fitted(Looking(table), sl.optimizers.SGD(0.1), world(num_steps=1))


def test_a_frozen_table_stays() -> None:
    model = Looking()
    model.head = keras.layers.Dense(1)
    model.head.build((None, DIM))
    model.table.trainable = False
    model.compute_loss = lambda inputs, training=False: keras.ops.sum(model.head(model.table(inputs["rows"])))
    model, before = fitted(model, sl.optimizers.Adam(0.1), world(num_steps=2))
    np.testing.assert_array_equal(values(model.table.embeddings), before)
    assert np.abs(values(model.head.bias)).min() > 0
