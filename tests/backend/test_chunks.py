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
        return (carry[0] + keras.ops.sum(part["value"], axis=0),), (output, output[:, :1])

    start = (keras.ops.zeros((2,), "float32"),)
    rows = {"value": keras.ops.convert_to_tensor(values)}
    dtypes = ("float32", "float32")
    (total,), (outputs, first_column) = backend.over_chunks(step, start, rows, size, dtypes)
    np.testing.assert_allclose(array(total), values.sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(array(outputs), values * np.arange(7)[:, None], rtol=1e-6)
    np.testing.assert_array_equal(array(first_column), array(outputs)[:, :1])
