"""Snapshots are immutable and number their rows consistently."""

from typing import Any

import numpy as np
import pytest
from tests.indexes.world import EXACT, INEXACT, World

import shortlist as sl
from shortlist.indexes import BruteForce
from shortlist.search._query import answer
from shortlist.search._requests import Request
from shortlist.search._snapshot import Snapshot

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


def test_a_late_candidate_that_is_replaced_keeps_its_row() -> None:
    index = BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"])
    first, second = np.float32([[9, 9, 9]]), np.float32([[1, 1, 1]])
    before = index.upsert(["d"], first).snapshot()
    now = index.upsert(["d"], second).snapshot()
    assert (before.num_rows, now.num_rows, now.num_candidates) == (4, 4, 4)
    np.testing.assert_array_equal(before.vectors_of(np.array([3])), first)
    np.testing.assert_array_equal(now.vectors_of(np.array([3])), second)


def test_the_attributes_of_the_engine_are_one_object() -> None:
    # Engines keep a copy on the device for as long as they are given the same object.
    index = BruteForce().index(np.eye(3, dtype="float32"), ["a", "b", "c"], {"size": [1, 2, 1]})
    snapshot = index.upsert(["d"], np.ones((1, 3))).snapshot()
    filters = [Request.of(snapshot, 1, where={"size": size}).filter_of_engine(snapshot) for size in (1, 2)]
    assert filters[0].attributes is filters[1].attributes
    assert len(filters[0].attributes) == 3


def test_late_candidates_alone_are_saved(tmp_path: Any) -> None:
    index = BruteForce(k=4).index(np.eye(3, dtype="float32"), ["a", "b", "c"])
    index.upsert(["d"], np.float32([[9, 9, 9]])).save(tmp_path / "index.keras")
    loaded = sl.load_model(tmp_path / "index.keras")
    assert loaded(np.float32([[1, 2, 3]]))[1].tolist() == [["d", "c", "b", "a"]]


@pytest.mark.parametrize("kind", ["brute force", "one partition", "codes", "no partitions"])
def test_saved_with_its_changes_and_loaded(kind: str, tmp_path: Any) -> None:
    world = World(7)
    index = (EXACT | INEXACT)[kind](k=4).index(world.vectors, world.ids, world.attributes)
    index.upsert(["new", "item 4"], world.vectors[:2] + 0.5, {"color": ["red", "blue"]})
    index.remove(["item 9"])
    index.save(tmp_path / "index.keras")
    loaded = sl.load_model(tmp_path / "index.keras")
    assert loaded.num_candidates == index.num_candidates == 60
    for request in ({}, {"where": {"color": "red"}}, {"allow": ["new", "item 4", "item 9"]}):
        for found, wanted in zip(
            loaded(world.queries, **request), index(world.queries, **request), strict=True
        ):
            np.testing.assert_array_equal(found, wanted)


def test_a_changed_byte_in_the_file_is_told_with_its_name(tmp_path: Any) -> None:
    path = tmp_path / "candidates"
    BruteForce().index(np.eye(4, dtype="float32")).save_assets(str(tmp_path))
    (name,) = (file for file in path.iterdir() if file.name == "vectors.npy")
    content = bytearray(name.read_bytes())
    content[-1] ^= 1
    name.write_bytes(content)
    with pytest.raises(sl.errors.ArtifactError, match=r"vectors\.npy"):
        BruteForce().load_assets(str(tmp_path))
    name.write_bytes(content[:-8])
    with pytest.raises(sl.errors.ArtifactError, match=r"vectors\.npy"):
        BruteForce().load_assets(str(tmp_path))
