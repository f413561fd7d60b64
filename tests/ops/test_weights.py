"""Weighted reductions compared with the oracle's."""

import keras
import numpy as np
import pytest
from tests.oracles import softmax

from shortlist.ops import weighted_mean, weighted_sum


@pytest.mark.contract
@pytest.mark.parametrize("weights", [[1, 1, 1], [0, 2, 1], [0, 0, 0], [0.5, 0, 0]])
@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_weighted_mean(weights: list[float], shape: tuple[int, ...]) -> None:
    values = np.float32([3, -1, 4])
    oracle = softmax.weighted_mean(values.astype("float64"), np.array(weights, "float64"))
    found = weighted_mean(keras.ops.convert_to_tensor(values), np.float32(weights).reshape(shape))
    assert float(found) == pytest.approx(oracle)
    assert float(weighted_mean(keras.ops.convert_to_tensor(values))) == pytest.approx(2)
    total = weighted_sum(keras.ops.convert_to_tensor(values), np.float32(weights).reshape(shape))
    assert float(total) == pytest.approx(float(values @ np.float32(weights)))
    assert float(weighted_sum(keras.ops.convert_to_tensor(values))) == pytest.approx(6)
