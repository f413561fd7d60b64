"""The gradients that other tests go by, on a function whose gradient is known."""

import numpy as np
import pytest
from keras import ops
from tests.support.gradients import value_and_gradients


@pytest.mark.contract
def test_gradients_of_a_product() -> None:
    left, right = np.array([1.0, -2.0]), np.array([3.0, 5.0])
    value, gradients = value_and_gradients(lambda x, y: ops.sum(x * x * y), left, right)
    assert value == 23
    np.testing.assert_allclose(gradients, [2 * left * right, left**2])
