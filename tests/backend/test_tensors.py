"""What each backend does its own way gives the same on all: top-k with its tie rule, additions by row."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles.top_k import top_k as oracle

from shortlist import backend


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(tensor)))


@pytest.mark.contract
@pytest.mark.parametrize("k", [1, 3, 8])
def test_of_equal_scores_the_lower_column_comes_first(k: int) -> None:
    for seed in range(10):
        scores = np.random.default_rng(seed).integers(0, 3, (6, 8)).astype("float32")
        scores[0], scores[1] = 1, -np.inf
        scores[2, ::2] = -np.inf
        values, columns = backend.top_k(keras.ops.convert_to_tensor(scores), k)
        expected_values, expected_columns = oracle(scores, k)
        np.testing.assert_array_equal(to_numpy(values), expected_values)
        np.testing.assert_array_equal(to_numpy(columns), expected_columns)


@pytest.mark.contract
def test_top_k_of_no_queries() -> None:
    values, columns = backend.top_k(keras.ops.zeros((0, 4)), 2)
    assert tuple(values.shape) == tuple(columns.shape) == (0, 2)


@pytest.mark.contract
def test_repeated_rows_add_up() -> None:
    variable = keras.Variable(np.zeros((4, 2), "float32"), trainable=False)
    rows, values = np.int32([1, 3, 1, 1]), np.arange(8, dtype="float32").reshape(4, 2)
    expected = np.zeros((4, 2))
    np.add.at(expected, rows, values)
    backend.scatter_add(variable, keras.ops.convert_to_tensor(rows), keras.ops.convert_to_tensor(values))
    np.testing.assert_array_equal(to_numpy(variable), expected)
    backend.scatter_add(variable, keras.ops.convert_to_tensor(rows), keras.ops.convert_to_tensor(values))
    np.testing.assert_array_equal(to_numpy(variable), 2 * expected)


@pytest.mark.contract
def test_what_is_added_in_a_stateless_scope_is_forgotten() -> None:
    variable = keras.Variable(np.zeros(3, "float32"), trainable=False)
    rows = keras.ops.convert_to_tensor(np.int32([0, 0]))
    with keras.StatelessScope() as scope:
        backend.scatter_add(variable, rows, keras.ops.ones((2,)))
    np.testing.assert_array_equal(to_numpy(scope.get_current_value(variable)), [2, 0, 0])
    np.testing.assert_array_equal(to_numpy(variable), [0, 0, 0])


@pytest.mark.contract
def test_tensors_and_arrays_have_values() -> None:
    assert not backend.is_symbolic(keras.ops.ones(2))
    assert not backend.is_symbolic(np.ones(2))
    assert not backend.is_symbolic([1, 2])


def trace(function: Any) -> None:
    """Run a function on a tensor that has no value yet."""
    name = keras.config.backend()
    if name == "tensorflow":
        import tensorflow as tf

        tf.function(function).get_concrete_function(tf.TensorSpec([2]))
    elif name == "jax":
        import jax

        jax.make_jaxpr(function)(np.ones(2, "float32"))
    else:
        import torch

        function(torch.ones(2, device="meta"))


@pytest.mark.contract
def test_inside_a_function_that_is_traced_they_have_none() -> None:
    seen = []

    def function(tensor: Any) -> Any:
        seen.append(backend.is_symbolic(tensor))
        return tensor

    trace(function)
    assert set(seen) == {True}


@pytest.mark.contract
def test_tensors_of_arrays_have_no_value_where_a_graph_is_built() -> None:
    seen = []

    def function(tensor: Any) -> Any:
        made = keras.ops.convert_to_tensor(np.ones(2, "float32"))
        seen.append((backend.is_tracing(), backend.is_symbolic(made)))
        return tensor

    assert not backend.is_tracing()
    trace(function)
    assert {one for one in seen if one[0] != one[1]} == set()


@pytest.mark.contract
@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_what_the_host_gives_in_a_compiled_function(dtype: str) -> None:
    """Of one argument or several; twice the first, in the dtype that was asked for."""

    def on_host(*arrays: np.ndarray) -> np.ndarray:
        return (2 * arrays[0] + (arrays[1] if len(arrays) > 1 else 0)).astype(dtype)

    def of_one(first: Any) -> Any:
        return backend.host_callback(on_host, first, (3,), dtype)

    def of_two(first: Any, second: Any) -> Any:
        return backend.host_callback(on_host, (first, second), (3,), dtype)

    first, second = (keys.astype("float32") for keys in (np.arange(3), np.array([10, 20, 30])))
    tensors = keras.ops.convert_to_tensor(first), keras.ops.convert_to_tensor(second)
    for run in (lambda function: function, lambda function: backend.compiled(function)):
        found = run(of_one)(tensors[0]), run(of_two)(*tensors)
        assert [keras.backend.standardize_dtype(one.dtype) for one in found] == [dtype, dtype]
        np.testing.assert_array_equal(to_numpy(found[0]), [0, 2, 4])
        np.testing.assert_array_equal(to_numpy(found[1]), [10, 22, 34])


@pytest.mark.contract
def test_what_the_host_gives_is_float32_when_nothing_is_said() -> None:
    found = backend.host_callback(
        lambda rows: np.float32([1, 2])[rows], keras.ops.convert_to_tensor([1, 0]), (2,)
    )
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    assert to_numpy(found).tolist() == [2, 1]


@pytest.mark.contract
@pytest.mark.parametrize("num_columns", [1, 5, 700_001])
@pytest.mark.parametrize("margin", [1.0, 0.25])
def test_numbers_beyond_a_margin_are_counted_exactly(num_columns: int, margin: float) -> None:
    generator = np.random.default_rng(num_columns)
    leads = generator.choice(
        np.float32([-np.inf, -3e38, -1.01, -0.99, 0, 0.99, 1.01, 1e9, np.inf]), (3, num_columns)
    )
    leads[1] = np.abs(leads[1])
    above, below = backend.count_beyond_margin(keras.ops.convert_to_tensor(margin * leads), margin)
    np.testing.assert_array_equal(to_numpy(above), (leads > 1).sum(axis=1))
    np.testing.assert_array_equal(to_numpy(below), (leads < -1).sum(axis=1))
