"""Test excluded columns, tile by tile, against a loop."""

import keras
import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("num_excluded", [1, 12])
def test_each_is_filled_in_the_tile_where_it_stands_and_no_other(num_excluded: int) -> None:
    generator = np.random.default_rng(num_excluded)
    scores = generator.normal(size=(5, 9)).astype("float32")
    columns = generator.integers(-1, 9, (5, num_excluded)).astype("int32")  # 12 of 10: some repeat
    columns[2] = -1
    expected = scores.copy()
    for row, line in enumerate(columns):
        for column in line[line >= 0]:
            expected[row, column] = -np.inf
    slots = backend.ExclusionMask(keras.ops.convert_to_tensor(columns))
    for first, end in ((0, 9), (0, 4), (4, 7), (7, 9)):
        tile = slots.fill(keras.ops.convert_to_tensor(scores[:, first:end].copy()), first)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(tile), expected[:, first:end])
