"""Counts of left out candidates beside a loop, tile by tile."""

import keras
import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("num_excluded", [1, 12])
def test_each_counts_once_in_the_tile_where_it_stands(num_excluded: int) -> None:
    generator = np.random.default_rng(num_excluded)
    scores = generator.integers(-2, 3, (5, 9)).astype("float32")
    columns = generator.integers(-1, 9, (5, num_excluded)).astype("int32")  # 12 of 10: some stand twice
    columns[2] = -1
    places = backend.ExcludedPlaces(keras.ops.convert_to_tensor(columns))
    for first, end in ((0, 9), (0, 4), (4, 7), (7, 9)):
        counts = places.count_above(keras.ops.convert_to_tensor(scores[:, first:end]), first, (1.0, -1.0))
        for count, threshold in zip(counts, (1.0, -1.0), strict=True):
            expected = [
                sum(scores[row, column] > threshold for column in set(columns[row]) if first <= column < end)
                for row in range(5)
            ]
            assert keras.ops.convert_to_numpy(count).tolist() == expected
