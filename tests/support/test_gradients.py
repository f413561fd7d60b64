"""The gradients that other tests go by, on a function whose gradient is known."""

from typing import Any

import numpy as np
import pytest
from keras import ops
from tests.support.gradients import compiled_value_and_gradients, value_and_gradients


@pytest.mark.contract
def test_gradients_of_a_product() -> None:
    left, right = np.array([1.0, -2.0]), np.array([3.0, 5.0])

    def product(x: Any, y: Any) -> Any:
        return ops.sum(x * x * y)

    compiled = compiled_value_and_gradients(product)
    for value, gradients in (value_and_gradients(product, left, right), compiled(left, right)):
        assert value == 23
        np.testing.assert_allclose(gradients, [2 * left * right, left**2])
