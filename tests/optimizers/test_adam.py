"""Adam: what it keeps and its arguments; the formula is held to an oracle in `test_base.py`."""

import keras
import numpy as np
import pytest

from shortlist.optimizers import Adam


@pytest.mark.contract
def test_what_it_keeps_for_a_table() -> None:
    optimizer = Adam(0.5, beta_1=0.5, beta_2=0.75, epsilon=1e-3)
    optimizer.build([keras.Variable(np.ones((3, 2), "float32"))])
    assert [tuple(variable.shape) for variable in optimizer.variables[2:]] == [(3, 2)] * 2


def test_a_config_makes_the_same_optimizer() -> None:
    optimizer = Adam(0.5, beta_1=0.5, beta_2=0.75, epsilon=1e-3, clipvalue=2.0, name="mine")
    assert Adam.from_config(optimizer.get_config()).get_config() == optimizer.get_config()
