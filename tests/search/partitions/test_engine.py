"""`PartitionedEngine`: widening, settings and saving."""

import dataclasses
from pathlib import Path

import keras
import numpy as np
import pytest

from shortlist.search._row_filter import RowFilter
from shortlist.search.partitions import PartitionedEngine, PartitionedSpec, Partitions

pytestmark = pytest.mark.contract
VECTORS = np.random.default_rng(0).normal(size=(200, 4)).astype("float32")
QUERIES = np.random.default_rng(1).normal(size=(3, 1, 4)).astype("float32")


def engine_of(probes: int, *, as_codes: bool = False) -> PartitionedEngine:
    partitions = Partitions.of(VECTORS, 40, seed=0, as_codes=as_codes)
    return PartitionedEngine(partitions.tables(VECTORS), probes, 2)


def test_search_widens_until_k_rows_are_found() -> None:
    excluded = np.repeat(np.arange(4, 200, dtype="int32")[None], 3, axis=0)
    scores, rows = engine_of(1).search(QUERIES, 4, RowFilter(excluded))
    assert np.sort(rows, axis=1).tolist() == [[0, 1, 2, 3]] * 3
    true = np.take_along_axis(QUERIES[:, 0] @ VECTORS.T, rows, axis=1)
    np.testing.assert_allclose(scores, true, atol=1e-5)
    _, rows = engine_of(1).search(QUERIES, 200, RowFilter(excluded[:, :0]))
    np.testing.assert_array_equal(rows, np.argsort(-(QUERIES[:, 0] @ VECTORS.T), axis=1))


@pytest.mark.parametrize("probes", [1, 3, 40])
def test_number_of_rows_in_the_smallest_partitions(probes: int) -> None:
    filled = sorted(
        sum(row >= 0 for row in rows) for rows in Partitions.of(VECTORS, 40, seed=0).rows.tolist()
    )
    assert engine_of(1).num_found_at_least(probes) == sum(filled[:probes])


@pytest.mark.parametrize("as_codes", [False, True])
def test_settings_share_the_vectors(as_codes: bool) -> None:
    engine = engine_of(3, as_codes=as_codes)
    more = engine.with_search_budget(99)
    assert engine_of(99).search_budget == 40
    assert (engine.search_budget, more.search_budget, more.max_search_budget) == (3, 40, 40)
    assert more.tables is engine.tables
    assert [one.label() for one in engine.variants()] == (
        [f"probes = 3, re-scored = {number} k" for number in (2, 4, 8, 16)] if as_codes else ["probes = 3"]
    )
    for one in engine.variants():
        spec = PartitionedSpec(3, "int8" if as_codes else None, num_partitions=40)
        again = dataclasses.replace(spec, **one.settings()).build(VECTORS)
        assert again.label() == one.label()
    np.testing.assert_array_equal(engine.vectors_of(np.array([5, 0, 199])), VECTORS[[5, 0, 199]])
    assert engine.num_bytes() >= VECTORS.nbytes


def test_the_seed_decides_on_the_partitions() -> None:
    engines = [PartitionedSpec(num_partitions=7, seed=seed).build(VECTORS) for seed in (1, 1, 2)]
    rows = [keras.ops.convert_to_numpy(engine.tables["rows"]) for engine in engines]
    np.testing.assert_array_equal(rows[0], rows[1])
    assert rows[0].shape != rows[2].shape or (rows[0] != rows[2]).any()


@pytest.mark.parametrize("num", [1, 5])
def test_no_more_partitions_than_vectors(num: int) -> None:
    engine = PartitionedSpec(num_partitions=9).build(VECTORS[:num])
    assert engine.num_partitions <= num
    _, rows = engine.search(QUERIES, num, RowFilter(np.zeros((3, 0), "int32")))
    np.testing.assert_array_equal(rows, np.argsort(-(QUERIES[:, 0] @ VECTORS[:num].T), axis=1))


@pytest.mark.parametrize("as_codes", [False, True])
def test_save_and_load(tmp_path: Path, as_codes: bool) -> None:
    engine = engine_of(5, as_codes=as_codes)
    engine.save(tmp_path)
    loaded = PartitionedEngine.load(tmp_path, 5, 2)
    nothing = RowFilter(np.zeros((3, 0), "int32"))
    for one, other in zip(
        engine.search_tensors(keras.ops.convert_to_tensor(QUERIES), 7, nothing),
        loaded.search(QUERIES, 7, nothing),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
