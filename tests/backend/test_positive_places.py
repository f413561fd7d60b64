"""The places of positives in a chunk of logits, beside three loops."""

import keras
import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract
NUM_QUERIES, NUM_CANDIDATES = 7, 9


def slow_fill(
    chunk: np.ndarray, first: int, value: float, items: list[int], queries: list[int]
) -> np.ndarray:
    filled = chunk.copy()
    for row, column, other in np.ndindex(len(chunk), NUM_CANDIDATES, NUM_QUERIES):
        i, r = first + row, other
        if column == i or (queries[r] == queries[i] and items[r] == items[column]):
            filled[row, column] = value
    return filled


@pytest.mark.parametrize("has_queries", [False, True])
@pytest.mark.parametrize("has_items", [False, True])
def test_every_place_of_a_positive_is_filled_and_no_other(has_queries: bool, has_items: bool) -> None:
    generator = np.random.default_rng(1)
    for num_kinds in (1, 2, 4):
        items = np.unique(generator.integers(0, num_kinds, NUM_CANDIDATES), return_inverse=True)[1]
        queries = np.unique(generator.integers(0, num_kinds, NUM_QUERIES), return_inverse=True)[1]
        places = backend.PositivePlaces(
            NUM_CANDIDATES,
            keras.ops.convert_to_tensor(items.astype("int32")) if has_items else None,
            keras.ops.convert_to_tensor(queries.astype("int32")) if has_queries else None,
        )
        for first, num_rows in ((0, NUM_QUERIES), (2, 3), (6, 1)):
            chunk = generator.normal(size=(num_rows, NUM_CANDIDATES)).astype("float32")
            expected = slow_fill(
                chunk,
                first,
                -5.0,
                list(items) if has_items else list(range(NUM_CANDIDATES)),
                list(queries) if has_queries else list(range(NUM_QUERIES)),
            )
            answer = places.fill(keras.ops.convert_to_tensor(chunk.copy()), first, -5.0)
            np.testing.assert_array_equal(keras.ops.convert_to_numpy(answer), expected)
