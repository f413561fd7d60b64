"""The formula that the kinds of Adagrad share, with another sum than theirs."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import pytest

from shortlist.optimizers._accumulating import Accumulating
from shortlist.optimizers._base import Slot

pytestmark = pytest.mark.contract


class BySize(Accumulating):
    def slots(self) -> Sequence[Slot]:
        return [Slot("accumulator", self.initial_accumulator_value)]

    def squares(self, gradient: Any) -> Any:
        return keras.ops.abs(gradient)


def test_two_steps_by_hand() -> None:
    optimizer = BySize(0.5, initial_accumulator_value=1.0, epsilon=0.0)
    table = keras.Variable(np.float32([[10.0], [20.0]]))
    for _ in range(2):
        optimizer.apply([np.float32([[0.0], [4.0]])], [table])
    # The accumulator goes 1, 5, 9: 20 - 0.5 * 4 / sqrt(5) - 0.5 * 4 / sqrt(9).
    expected = [[10.0], [20.0 - 2.0 / 5.0**0.5 - 2.0 / 3.0]]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(table), expected, rtol=1e-6)


def test_its_options_are_saved() -> None:
    config = BySize(0.5, initial_accumulator_value=2.0, epsilon=0.25).get_config()
    assert (config["initial_accumulator_value"], config["epsilon"]) == (2.0, 0.25)
