"""Which codes remove negatives, by the options of a loss and the ids that are known."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist.losses import Negatives
from shortlist.losses._logits import codes_to_remove, labeled, reduced

QUERIES, ITEMS = np.int32([0, 1, 0]), np.int32([3, 1, 3, 0])


def arrays(codes: Any) -> list[list[int] | None]:
    return [None if one is None else keras.ops.convert_to_numpy(one).tolist() for one in codes]


@pytest.mark.contract
@pytest.mark.parametrize(
    ("queries", "items", "removal", "expected"),
    [
        (QUERIES, ITEMS, (True, True), [[0, 1, 0], [3, 1, 3, 0]]),
        (QUERIES, ITEMS, (False, True), [[0, 1, 0], [3, 1, 3, 0]]),
        (QUERIES, ITEMS, (True, False), [[3, 1, 3], [3, 1, 3, 0]]),
        (None, ITEMS, (True, True), [[3, 1, 3], [3, 1, 3, 0]]),
        (QUERIES, None, (True, True), [[0, 1, 0], [0, 1, 2, 3]]),
        (QUERIES, ITEMS, (False, False), [None, None]),
        (None, ITEMS, (False, True), [None, None]),
        (QUERIES, None, (True, False), [None, None]),
    ],
)
def test_codes_to_remove(queries: Any, items: Any, removal: tuple[bool, bool], expected: list[Any]) -> None:
    negatives = Negatives(query_codes=queries, candidate_codes=items)
    assert arrays(codes_to_remove(negatives, (3, 4), *removal)) == expected


@pytest.mark.contract
def test_labels_and_reductions() -> None:
    logits = keras.ops.convert_to_tensor(np.float32([[1, 5, 2], [7, 0, 3]]))
    labels, same = labeled(logits, None)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(labels), [[1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(same), [[1, 5, 2], [7, 0, 3]])
    _, hardest = labeled(logits, 1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(hardest), [[1, 5], [0, 7]])
    losses, weights = keras.ops.convert_to_tensor(np.float32([1, 4])), np.float32([2, 1])
    assert [float(reduced(losses, weights, one)) for one in ("mean", "sum")] == [2.0, 6.0]
