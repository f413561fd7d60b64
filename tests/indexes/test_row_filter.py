"""Required masks and excluded columns agree with plain loops."""

import keras
import numpy as np
import pytest

from shortlist.indexes._row_filter import Filter, are_wanted, without_columns

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(0)


def test_a_bit_of_every_group() -> None:
    bits = GENERATOR.integers(0, 8, (3, 7, 2)).astype("int32")
    wanted = GENERATOR.integers(0, 8, (3, 1, 4, 2)).astype("int32")
    found = keras.ops.convert_to_numpy(are_wanted(bits, wanted))
    for query in range(3):
        for row in range(7):
            groups = wanted[query, 0]
            assert found[query, row] == all((bits[query, row] & group).any() for group in groups)


def test_the_highest_bit_counts() -> None:
    bits = np.array([[2**31]], "uint32").view("int32")
    assert keras.ops.convert_to_numpy(are_wanted(bits, bits[:, None])).tolist() == [True]


def test_columns_are_removed_and_padding_removes_nothing() -> None:
    scores = GENERATOR.normal(size=(3, 5)).astype("float32")
    columns = np.int32([[0, 4, -1], [2, 2, 2], [-1, -1, -1]])
    expected = scores.copy()
    expected[0, [0, 4]] = expected[1, 2] = -np.inf
    found = without_columns(keras.ops.convert_to_tensor(scores), keras.ops.convert_to_tensor(columns))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), expected)
    assert without_columns(scores, columns[:, :0]) is scores


def test_allowed_rows_on_the_host_and_of_some_queries() -> None:
    bits = np.int32([[1], [3], [2], [3]])
    rows = Filter(np.int32([[0, -1], [3, 9]]), bits, np.int32([[[1]], [[2]]]))
    assert rows.allowed(0, 4).tolist() == [False, True, False, True]
    assert rows.allowed(1, 4).tolist() == [False, True, True, False]
    second = rows.of_queries(np.array([1]))
    assert second.allowed(0, 4).tolist() == [False, True, True, False]
    assert (rows.num_excluded, rows.shape_of_wanted) == (2, (1, 1, False))
    assert Filter(np.zeros((2, 0), "int32")).shape_of_wanted is None
