"""Adagrad: what it keeps and its arguments; the formula is held to an oracle in `test_base.py`."""

import keras
import numpy as np
import pytest

from shortlist.optimizers import Adagrad


@pytest.mark.contract
def test_what_it_keeps_for_a_table() -> None:
    optimizer = Adagrad(0.5, initial_accumulator_value=0.25, epsilon=1e-3)
    optimizer.build([keras.Variable(np.ones((3, 2), "float32"))])
    assert [tuple(variable.shape) for variable in optimizer.variables[2:]] == [(3, 2)] * 1


def test_a_config_makes_the_same_optimizer() -> None:
    optimizer = Adagrad(0.5, initial_accumulator_value=0.25, epsilon=1e-3, clipvalue=2.0, name="mine")
    assert Adagrad.from_config(optimizer.get_config()).get_config() == optimizer.get_config()
