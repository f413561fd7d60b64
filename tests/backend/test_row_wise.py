"""How a step finds the optimizer that takes rows."""

import keras
import numpy as np
import pytest

import shortlist as sl
from shortlist.backend._row_wise import row_wise_of, tensors_for

pytestmark = pytest.mark.contract


def test_an_optimizer_is_found_inside_the_one_that_scales_its_loss() -> None:
    ours = sl.optimizers.SGD()
    assert row_wise_of(ours) is ours
    assert row_wise_of(keras.optimizers.LossScaleOptimizer(ours)) is ours
    assert row_wise_of(keras.optimizers.SGD()) is None
    assert row_wise_of(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())) is None
    assert row_wise_of(None) is None


def test_an_ordinary_optimizer_is_given_what_came() -> None:
    gradients = [object(), None]
    with tensors_for(keras.optimizers.SGD(), gradients, [None, None]) as tensors:
        assert tensors == gradients


def test_a_dense_gradient_and_none_stay_as_they_are() -> None:
    dense = np.ones((2, 2))
    with tensors_for(sl.optimizers.SGD(), [dense, None], [keras.Variable(dense)] * 2) as tensors:
        assert tensors[0] is dense
        assert tensors[1] is None
