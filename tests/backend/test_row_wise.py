"""How a step finds the optimizer that takes rows."""

import keras
import numpy as np
import pytest

import shortlist as sl
from shortlist.backend._row_wise import deduplicated_gradients, find_row_wise

pytestmark = pytest.mark.contract


def test_an_optimizer_is_found_inside_the_one_that_scales_its_loss() -> None:
    ours = sl.optimizers.SGD()
    assert find_row_wise(ours) is ours
    assert find_row_wise(keras.optimizers.LossScaleOptimizer(ours)) is ours
    assert find_row_wise(keras.optimizers.SGD()) is None
    assert find_row_wise(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())) is None
    assert find_row_wise(None) is None


def test_an_ordinary_optimizer_is_given_what_came() -> None:
    gradients = [object(), None]
    with deduplicated_gradients(keras.optimizers.SGD(), gradients, [None, None]) as tensors:
        assert tensors == gradients


def test_a_dense_gradient_and_none_stay_as_they_are() -> None:
    dense = np.ones((2, 2))
    with deduplicated_gradients(sl.optimizers.SGD(), [dense, None], [keras.Variable(dense)] * 2) as tensors:
        assert tensors[0] is dense
        assert tensors[1] is None
