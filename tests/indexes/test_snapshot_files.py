"""Snapshots round-trip through files, and changed files raise errors."""

from typing import Any

import numpy as np
import pytest
from tests.indexes.world import EXACT, INEXACT, World

import shortlist as sl
from shortlist.indexes import BruteForce

pytestmark = pytest.mark.contract


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
