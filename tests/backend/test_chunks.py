"""Work in chunks equals work at once, whatever the size of a chunk."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(4)


def array(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.parametrize("size", [1, 2, 5, 7, 9])
def test_rows_come_once_in_order_with_their_number(size: int) -> None:
    values = GENERATOR.normal(size=(7, 2)).astype("float32")

    def step(carry: Any, part: dict[str, Any], first: Any) -> Any:
        numbers = first + keras.ops.arange(keras.ops.shape(part["value"])[0], dtype="int32")
        output = part["value"] * keras.ops.expand_dims(keras.ops.cast(numbers, "float32"), 1)
        return (carry[0] + keras.ops.sum(part["value"], axis=0),), output

    start = (keras.ops.zeros((2,), "float32"),)
    (total,), outputs = backend.over_chunks(step, start, {"value": keras.ops.convert_to_tensor(values)}, size)
    np.testing.assert_allclose(array(total), values.sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(array(outputs), values * np.arange(7)[:, None], rtol=1e-6)


def test_any_by_code() -> None:
    flags = GENERATOR.random((6, 4)) < 0.3
    codes, asked = np.int32([0, 4, 4, 2, 0, 7]), np.int32([4, 0, 1, 7, 7, 2, 3, 4])
    expected = [[any(flags[r, c] and codes[r] == code for r in range(6)) for code in asked] for c in range(4)]
    answer = backend.any_by_code(*map(keras.ops.convert_to_tensor, (flags, codes, asked)))
    np.testing.assert_array_equal(array(answer), expected)


def test_add_at_rows() -> None:
    matrix, values = np.ones((4, 2), "float32"), np.float32([[1, 2], [3, 4]])
    answer = backend.add_at_rows(*map(keras.ops.convert_to_tensor, (matrix, np.int32([3, 1]), values)))
    np.testing.assert_array_equal(array(answer), [[1, 1], [4, 5], [1, 1], [2, 3]])
