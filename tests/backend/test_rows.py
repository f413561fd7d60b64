"""Rows of a table read, summed and written, next to NumPy."""

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from tests.oracles.optimizers import summed

from shortlist import backend
from shortlist.backend._keras_private import raw_value
from shortlist.errors import BackendError

pytestmark = pytest.mark.contract
NUM_ROWS = 5


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(tensor))


def table() -> keras.Variable:
    return keras.Variable(np.arange(2.0 * NUM_ROWS, dtype="float32").reshape(NUM_ROWS, 2))


def sparse_gradient(rows: np.ndarray, values: np.ndarray) -> Any:
    """As the backend would give it for a lookup of these rows."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.IndexedSlices(values, rows, (NUM_ROWS, 2))
    if keras.backend.backend() == "jax":
        from shortlist.backend.jax._rows import RowGradient

        return RowGradient(ops.convert_to_tensor(rows), ops.convert_to_tensor(values), NUM_ROWS)
    import torch

    return torch.sparse_coo_tensor(rows[None], values, (NUM_ROWS, 2), check_invariants=True)


def lists_of_rows(length: int) -> st.SearchStrategy[list[int]]:
    return st.lists(st.integers(0, NUM_ROWS - 1), min_size=length, max_size=length)


@settings(max_examples=30)
@given(st.sampled_from([1, 3, 8]).flatmap(lists_of_rows))  # few, as JAX compiles for each length
def test_repeated_rows_are_summed_once(rows: list[int]) -> None:
    """Unused slots hold zeros, for rows that are never written."""
    gradients = np.random.default_rng(len(rows)).integers(-9, 9, (len(rows), 2)).astype("float32")
    found = backend.deduplicate_rows(sparse_gradient(np.array(rows), gradients))
    assert found is not None
    distinct, sums = map(to_numpy, found)
    answer = {int(row): total.tolist() for row, total in zip(distinct, sums, strict=True) if row < NUM_ROWS}
    assert answer == {row: total.tolist() for row, total in summed(rows, gradients).items()}
    assert not sums[distinct >= NUM_ROWS].any()
    variable = table()
    backend.scatter_rows(variable, found[0], found[1])
    expected = to_numpy(table().value).tolist()
    for row, total in answer.items():
        expected[row] = total
    assert to_numpy(variable.value).tolist() == expected
    assert to_numpy(backend.gather_rows(variable, found[0]))[distinct < NUM_ROWS].tolist() == list(
        answer.values()
    )


def test_a_dense_gradient_has_no_rows() -> None:
    assert backend.deduplicate_rows(ops.ones((NUM_ROWS, 2))) is None
    assert backend.deduplicate_rows(np.ones((NUM_ROWS, 2))) is None
    assert backend.deduplicate_rows(None) is None


def test_a_lookup_has_the_shape_of_its_rows() -> None:
    for rows in (np.int32([[3, 0], [3, 4]]), np.int64([1]), np.int32(2), np.zeros((2, 0), "int32")):
        answer = to_numpy(backend.lookup(table(), ops.convert_to_tensor(rows)))
        np.testing.assert_array_equal(answer, to_numpy(table().value)[rows])


def test_a_row_beyond_the_table_does_not_pass_for_another() -> None:
    for row in (-1, NUM_ROWS):
        try:
            answer = to_numpy(backend.lookup(table(), ops.convert_to_tensor(np.int32([row]))))
        except Exception:
            continue  # where the backend can tell
        assert np.isnan(answer).all()


def test_writing_in_a_stateless_scope_leaves_the_variable() -> None:
    variable, rows = table(), ops.convert_to_tensor(np.array([1]))
    with keras.StatelessScope() as scope:
        backend.scatter_rows(variable, rows, ops.ones((1, 2)))
        assert to_numpy(backend.lookup(variable, rows)).tolist() == [[1, 1]]
    assert to_numpy(scope.get_current_value(variable))[1].tolist() == [1, 1]
    assert to_numpy(variable.value).tolist() == to_numpy(table().value).tolist()


def test_a_table_is_not_cast_under_mixed_precision() -> None:
    variable, kinds = table(), []

    class Layer(keras.layers.Layer):
        def call(self, rows: Any) -> Any:
            kinds.extend([raw_value(variable).dtype, backend.lookup(variable, rows).dtype])
            return rows

    Layer(dtype="mixed_bfloat16")(np.int32([0]))
    assert [keras.backend.standardize_dtype(kind) for kind in kinds] == ["float32", "float32"]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="a strategy of TensorFlow")
def test_several_replicas_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    gradient = sparse_gradient(np.array([1]), np.ones((1, 2), "float32"))
    monkeypatch.setattr(tf.distribute.Strategy, "num_replicas_in_sync", 2)
    with pytest.raises(BackendError, match="one replica, got 2 replicas.*one replica"):
        backend.deduplicate_rows(gradient)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tensors of TensorFlow")
def test_a_ragged_lookup_stays_ragged() -> None:
    import tensorflow as tf

    answer = backend.lookup(table(), tf.ragged.constant([[0, 1], [4]]))
    assert answer.to_list() == [[[0, 1], [2, 3]], [[8, 9]]]
