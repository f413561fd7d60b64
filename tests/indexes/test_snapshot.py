"""Snapshots are immutable and number their rows consistently."""

import numpy as np
import pytest

from shortlist.indexes import BruteForce
from shortlist.indexes._query import answer
from shortlist.indexes._requests import Request
from shortlist.indexes._snapshot import Snapshot

pytestmark = pytest.mark.contract


def test_rows_of_the_engine_and_later_ones() -> None:
    index = BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"])
    before = index.snapshot()
    index.upsert(["d", "a"], np.float32([[1, 2, 3], [4, 5, 6]]))
    index.remove(["b"])
    now = index.snapshot()
    assert (before.num_candidates, before.has_deletions) == (3, False)
    assert (now.num_candidates, now.has_deletions) == (3, True)
    assert now.is_live.tolist() == [False, False, True, True, True]
    rows = np.array([4, 2, 3, 0])
    np.testing.assert_array_equal(
        now.vectors_of(rows), np.float32([[4, 5, 6], [0, 0, 1], [1, 2, 3], [1, 0, 0]])
    )
    np.testing.assert_array_equal(now.vectors_of(np.array([2])), np.float32([[0, 0, 1]]))
    assert now.engine is before.engine


def found(snapshot: Snapshot, **asked: object) -> list[str]:
    query = np.float32([[[1, 2, 3]]])
    _, rows = answer(snapshot, query, 9, Request.of(snapshot, 1, **asked))
    return [one for one in snapshot.ids.of_rows(rows)[0].tolist() if one]


def test_a_snapshot_answers_as_before_whatever_was_changed_since() -> None:
    # The new values need a second 32-bit word.
    index = BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"], {"size": [1, 1, 2]})
    before = index.snapshot()
    index.remove(["b"])
    removed = index.snapshot()
    index.upsert(["d"], np.float32([[9, 9, 9]]), {"size": [list(range(1, 50))]})
    for snapshot, everything, of_size in (
        (before, ["c", "b", "a"], ["b", "a"]),
        (removed, ["c", "a"], ["a"]),
        (index.snapshot(), ["d", "c", "a"], ["d", "a"]),
    ):
        assert snapshot.num_candidates == len(everything)
        assert found(snapshot, where={}) == found(snapshot) == everything
        assert found(snapshot, where={"size": 1}) == of_size


def test_a_late_candidate_that_was_removed_leaves_a_gap_too() -> None:
    index = BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"])
    index.upsert(["d", "e"], np.float32([[9, 9, 9], [5, 5, 5]])).remove(["d"])
    assert found(index.snapshot()) == ["e", "c", "b", "a"]
