"""Gradient descent: its arguments; the formula is held to an oracle in `test_base.py`."""

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.optimizers import SGD


@pytest.mark.contract
def test_keeps_nothing_without_momentum() -> None:
    table = keras.Variable(np.ones((3, 2), "float32"))
    sizes = []
    for optimizer in (SGD(), SGD(momentum=0.5)):
        optimizer.build([table])
        sizes.append(len(optimizer.variables))
    assert sizes == [2, 3]


@pytest.mark.parametrize("momentum", [-0.1, 1.5, float("nan")])
def test_a_momentum_out_of_range_is_refused(momentum: float) -> None:
    with pytest.raises(ArgumentError, match=r"momentum must be in \[0, 1\], got"):
        SGD(momentum=momentum)


def test_a_config_makes_the_same_optimizer() -> None:
    optimizer = SGD(0.5, momentum=0.25, nesterov=True, clipnorm=2.0, name="mine")
    assert SGD.from_config(optimizer.get_config()).get_config() == optimizer.get_config()
