"""Partitioned: options and recall."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.indexes import Partitioned

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(0)
CENTERS = GENERATOR.normal(size=(40, 8))
VECTORS = (CENTERS[GENERATOR.integers(0, 40, 4000)] + 0.2 * GENERATOR.normal(size=(4000, 8))).astype(
    "float32"
)
QUERIES = (CENTERS[:20] + 0.2 * GENERATOR.normal(size=(20, 8))).astype("float32")


@pytest.mark.parametrize("codes", [None, "int8"])
def test_few_partitions_of_clustered_vectors_hold_most_of_the_best(codes: str | None) -> None:
    exact = np.argsort(-(QUERIES @ VECTORS.T), axis=1)[:, :10]
    index = Partitioned(probes=12, codes=codes).index(VECTORS)
    found = index(QUERIES, 10)[1]
    assert np.mean([np.isin(one, two).mean() for one, two in zip(found, exact, strict=True)]) > 0.95
    one_by_one = np.concatenate([index(query[None], 10)[1] for query in QUERIES])
    np.testing.assert_array_equal(one_by_one, found)
    assert not index.is_exact()


def test_options_are_kept_and_checked(tmp_path: Path) -> None:
    options = {"k": 3, "similarity": "cosine", "capacity": 5000}
    index = Partitioned(probes=7, codes="int8", num_rescored=9, num_partitions=11, seed=2, **options)
    index.index(VECTORS[:300]).save(tmp_path / "index.keras")
    loaded = sl.load_model(tmp_path / "index.keras")
    for name in ("k", "probes", "spec", "similarity"):
        assert getattr(loaded, name) == getattr(index, name)
    assert loaded.similarity == "cosine"
    assert loaded.store.capacity == 5000
    assert dataclasses.astuple(loaded.spec) == (7, "int8", 9, 11, 2)
    engine = loaded.snapshot().engine
    assert index.snapshot().engine.has_codes
    assert engine.has_codes
    assert (engine.num_partitions, engine.search_budget, engine.num_rescored) == (11, 7, 9)
    for options, message in (
        ({"probes": 0}, "probes must be an integer >= 1, got 0"),
        ({"codes": "pq"}, "'int8'"),
        ({"num_partitions": 0}, "num_p"),
        ({"num_rescored": 0}, "num_rescored must be an integer >= 1, got 0"),
    ):
        with pytest.raises(ArgumentError, match=message):
            Partitioned(**options)


@pytest.mark.parametrize("num", [1, 2, 3, 17])
def test_few_candidates(num: int) -> None:
    index = Partitioned(probes=1).index(VECTORS[:num])
    assert sorted(index(QUERIES[:1], 20)[1][0].tolist()) == list(range(num))
