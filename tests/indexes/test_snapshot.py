"""Candidates at one moment."""

import numpy as np
import pytest

from shortlist.indexes import BruteForce

pytestmark = pytest.mark.contract


def test_rows_of_the_engine_and_later_ones() -> None:
    index = BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"])
    before = index.snapshot()
    index.upsert(["d", "a"], np.float32([[1, 2, 3], [4, 5, 6]]))
    index.remove(["b"])
    now = index.snapshot()
    assert (before.num_candidates, before.has_gaps) == (3, False)
    assert (now.num_candidates, now.has_gaps) == (3, True)
    assert now.is_there.tolist() == [False, False, True, True, True]
    rows = np.array([4, 2, 3, 0])
    np.testing.assert_array_equal(
        now.vectors_of(rows), np.float32([[4, 5, 6], [0, 0, 1], [1, 2, 3], [1, 0, 0]])
    )
    np.testing.assert_array_equal(now.vectors_of(np.array([2])), np.float32([[0, 0, 1]]))
    assert now.engine is before.engine
