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
    (total,), (outputs, first_column) = backend.scan_chunks(step, start, rows, size, dtypes)
    np.testing.assert_allclose(array(total), values.sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(array(outputs), values * np.arange(7)[:, None], rtol=1e-6)
    np.testing.assert_array_equal(array(first_column), array(outputs)[:, :1])


@pytest.mark.parametrize("num_all", [7, 19])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 9])
@pytest.mark.parametrize("is_compiled", [False, True])
def test_only_the_first_rows(is_compiled: bool, size: int, num_all: int) -> None:
    values = GENERATOR.normal(size=(num_all, 2)).astype("float32")

    def of_first(rows: Any, num_rows: Any) -> Any:
        def step(carry: Any, part: dict[str, Any], first: Any) -> Any:
            numbers = first + keras.ops.arange(keras.ops.shape(part["value"])[0], dtype="int32")
            counts = keras.ops.cast(keras.ops.expand_dims(numbers < num_rows, 1), "float32")
            return (carry[0] + keras.ops.sum(counts * part["value"], axis=0),), (part["value"] * 2.0,)

        start = (keras.ops.zeros((2,), "float32"),)
        return backend.scan_chunks(step, start, {"value": rows}, size, num_rows=num_rows)

    run = backend.compiled(of_first) if is_compiled else of_first
    for num_rows in (0, 1, 4, num_all):
        number = keras.ops.convert_to_tensor(num_rows, "int32")
        (total,), (outputs,) = run(keras.ops.convert_to_tensor(values), number)
        np.testing.assert_allclose(array(total), values[:num_rows].sum(axis=0), rtol=1e-5)
        np.testing.assert_allclose(array(outputs)[:num_rows], 2 * values[:num_rows], rtol=1e-6)
        assert num_rows <= len(outputs) <= num_all
