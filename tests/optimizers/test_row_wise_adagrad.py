"""RowWiseAdagrad: what it keeps and its arguments; the formula is held to an oracle in `test_base.py`."""

import keras
import numpy as np
import pytest

from shortlist.optimizers import RowWiseAdagrad


@pytest.mark.contract
def test_what_it_keeps_for_a_table() -> None:
    optimizer = RowWiseAdagrad(0.5, initial_accumulator_value=0.25, epsilon=1e-3)
    optimizer.build([keras.Variable(np.ones((3, 2), "float32"))])
    assert [tuple(variable.shape) for variable in optimizer.variables[2:]] == [(3, 1)] * 1


def test_a_config_makes_the_same_optimizer() -> None:
    optimizer = RowWiseAdagrad(0.5, initial_accumulator_value=0.25, epsilon=1e-3, clipvalue=2.0, name="mine")
    assert RowWiseAdagrad.from_config(optimizer.get_config()).get_config() == optimizer.get_config()


@pytest.mark.contract
def test_of_a_vector_and_of_a_number_each_is_a_row() -> None:
    bias, scale = keras.Variable(np.ones(2, "float32")), keras.Variable(np.float32(1))
    optimizer = RowWiseAdagrad(1.0, initial_accumulator_value=0.0, epsilon=0.0)
    optimizer.apply([np.float32([2, -3]), np.float32(4)], [bias, scale])
    assert [np.asarray(keras.ops.convert_to_numpy(v.value)).tolist() for v in (bias, scale)] == [[0, 2], 0]
