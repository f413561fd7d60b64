"""Test the mask of positives in a chunk of logits against three loops."""

import itertools

import keras
import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract


def slow_fill(
    chunk: np.ndarray, value: float, examples: list[tuple[int, int]], rows: list[int], columns: list[int]
) -> np.ndarray:
    filled = chunk.copy()
    for (row, query), (column, item) in itertools.product(enumerate(rows), enumerate(columns)):
        if any(one == (query, item) for one in examples):
            filled[row, column] = value
    return filled


@pytest.mark.parametrize("num_kinds", [1, 2, 4, 9])
def test_every_place_of_a_positive_is_filled_and_no_other(num_kinds: int) -> None:
    generator = np.random.default_rng(num_kinds)
    queries, items, rows, columns = (generator.integers(0, num_kinds, size) for size in (9, 9, 7, 8))
    queries[:num_kinds], items[:num_kinds] = np.arange(num_kinds), generator.permutation(num_kinds)
    codes = [keras.ops.convert_to_tensor(part.astype("int32")) for part in (queries, items, rows, columns)]
    slots = backend.PositiveMask(*codes, 9)
    for first, num_rows in ((0, 7), (2, 3), (6, 1)):
        chunk = generator.normal(size=(num_rows, 8)).astype("float32")
        examples = list(zip(queries.tolist(), items.tolist(), strict=True))
        asked = rows[first : first + num_rows].tolist()
        expected = slow_fill(chunk, -5.0, examples, asked, columns.tolist())
        answer = slots.fill(keras.ops.convert_to_tensor(chunk.copy()), first, -5.0)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(answer), expected)


def test_pairs_of_a_batch_whose_square_is_beyond_32_bits() -> None:
    last, num_codes = 2**16 - 1, 2**16
    codes = [np.int32([0, last]), np.int32([5, last]), np.int32([last, 0]), np.int32([last, 5, 6])]
    slots = backend.PositiveMask(*map(keras.ops.convert_to_tensor, codes), num_codes)
    answer = slots.fill(keras.ops.zeros((2, 3)), 0, 1.0)
    assert keras.ops.convert_to_numpy(answer).tolist() == [[1, 0, 0], [0, 1, 0]]
