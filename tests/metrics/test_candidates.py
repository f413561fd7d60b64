"""Sources of candidates: one rank from each of them, rows and tiles as they went in, reuse of a source."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.indexes import BruteForce, Partitioned, Streaming
from shortlist.metrics._candidates import (
    CandidatesInIndex,
    CandidatesInMemory,
    CandidatesOnDisk,
    CandidateSource,
    open_candidates,
)

pytestmark = pytest.mark.contract
Source = CandidatesInMemory | CandidatesOnDisk
IDS = 3 * np.arange(1500)
VECTORS = np.random.default_rng(0).normal(size=(1500, 3)).astype("float32")


@pytest.fixture(params=["memory", "disk"])
def candidates(request: pytest.FixtureRequest) -> Source:
    if request.param == "disk":
        return CandidatesOnDisk([(IDS[:7], VECTORS[:7]), (IDS[7:], VECTORS[7:])])
    return CandidatesInMemory(VECTORS, IDS)


def test_vectors_of_rows(candidates: Source) -> None:
    rows = np.int32([1499, 0, 7, 7])
    found = candidates.vectors(keras.ops.convert_to_tensor(rows))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), VECTORS[rows])


@pytest.mark.parametrize("num_columns", [1, 10**9])
def test_tiles_hold_every_candidate_once_and_nothing_else(candidates: Source, num_columns: int) -> None:
    def add(carry: tuple, tile: object, first: object) -> tuple:
        return (carry[0] + keras.ops.sum(tile, axis=0),)

    (total,) = candidates.fold(add, (keras.ops.zeros((4,)),), num_columns)
    expected = [*VECTORS.sum(axis=0), 1500]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(total), expected, rtol=1e-4, atol=1e-3)


def test_fillers_are_known(candidates: Source) -> None:
    assert candidates.num_candidates == 1500
    ones = lambda carry, tile, _: (carry[0] + keras.ops.sum(keras.ops.ones_like(tile[:, 0])),)  # noqa: E731
    (num_rows,) = candidates.fold(ones, (keras.ops.zeros(()),), 1)
    assert int(num_rows) in (1536, 2048)


def test_no_candidates_on_the_disk() -> None:
    with pytest.raises(ArgumentError, match="at least one batch"):
        CandidatesOnDisk([])


def test_batches_of_two_widths() -> None:
    with pytest.raises(ArgumentError, match=r"must have the same dim, got \[2, 3\]"):
        CandidatesOnDisk([(IDS[:1], np.zeros((1, dim), "float32")) for dim in (2, 3)])


def opened(candidates: Any, previous: CandidateSource | None = None) -> CandidateSource:
    return open_candidates(candidates, None, previous=previous, k=1500, metric="metric")


KINDS = {
    "dataset": (lambda: [(IDS[:7], VECTORS[:7]), (IDS[7:], VECTORS[7:])], CandidatesInMemory),
    "exact index": (lambda: BruteForce().index(VECTORS, IDS), CandidatesInMemory),
    "stream": (lambda: Streaming().index_from_dataset([(IDS, VECTORS)]), CandidatesOnDisk),
    "approximate index": (lambda: Partitioned(probes=1000).index(VECTORS, IDS), CandidatesInIndex),
}


@pytest.mark.filterwarnings("ignore:metric 'metric' evaluates the results of Partitioned, which finds 100.0%")
@pytest.mark.parametrize("kind", KINDS)
def test_each_source_ranks_alike(kind: str) -> None:
    make, expected_class = KINDS[kind]
    source = opened(make())
    assert type(source) is expected_class
    np.testing.assert_array_equal(source.ids, IDS)
    queries = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
    true = np.int32([[0, 1499], [7, -1], [3, 4], [9, 8]])
    excluded = np.int32([[0, 5, 6], [-1, -1, -1], [10, 11, 11], [8, 9, 2]])
    scores = queries.astype("float64") @ VECTORS.T.astype("float64")
    for query, some in enumerate(excluded):
        scores[query, list(set(some[some >= 0]) - set(true[query]))] = -np.inf
    expected = (scores[:, None, :] > np.take_along_axis(scores, np.maximum(true, 0), 1)[..., None]).sum(-1)
    found = source.ranks_of_rows(*map(keras.ops.convert_to_tensor, (queries, true, excluded)), k=1500)
    better, tied = map(keras.ops.convert_to_numpy, found)
    np.testing.assert_array_equal(np.where(true < 0, 2**24, expected), better)
    assert (tied == 1).all()


def test_a_source_is_replaced_in_place_if_its_shape_stays() -> None:
    first = opened([(IDS, VECTORS)])
    second = opened([(IDS + 1, VECTORS[::-1])], previous=first)
    assert second is first
    np.testing.assert_array_equal(second.ids, IDS + 1)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(second.table)[:1500, :3], VECTORS[::-1])
    assert opened([VECTORS[:1499]], previous=first) is not first  # tiles are as many, candidates are not
    assert opened(Streaming().index_from_dataset([VECTORS]), previous=first) is not first


def test_an_approximate_index_is_opened_again_once_it_has_another_engine() -> None:
    index = Partitioned(probes=1000).index(VECTORS, IDS)
    with pytest.warns(UserWarning, match="of Partitioned, which finds 100.0% of the exact 1500 best"):
        first = opened(index)
    assert opened(index, previous=first) is first  # does not warn again
    index.index(VECTORS[::-1], IDS + 1)
    with pytest.warns(UserWarning, match="of Partitioned, which finds 100.0% of the exact 1500 best"):
        second = opened(index, previous=first)
    assert isinstance(second, CandidatesInIndex)
    assert second.engine is index.snapshot().engine
    np.testing.assert_array_equal(second.ids, IDS + 1)


@pytest.mark.parametrize(
    "change", [lambda index: index.remove([3]), lambda index: index.upsert([1], VECTORS[:1])]
)
def test_an_approximate_index_that_was_changed_is_refused(change: Any) -> None:
    index = Partitioned(probes=1000).index(VECTORS, IDS)
    change(index)
    with pytest.raises(ArgumentError, match=r"index must hold exactly .*Call its compact\(\) first"):
        opened(index)


@pytest.mark.filterwarnings("ignore:metric 'metric' evaluates the results of Partitioned")
def test_a_true_candidate_that_is_none_is_not_found_in_what_an_index_lacks() -> None:
    source = opened(Partitioned(probes=1000).index(VECTORS[:5], IDS[:5]))
    true, excluded = np.int32([[-1, 4]]), np.int32([[0, 1, 2]])
    parts = [keras.ops.convert_to_tensor(part) for part in (VECTORS[:1], true, excluded)]
    better, _ = source.ranks_of_rows(*parts, k=1000)  # more than there are
    expected = float((VECTORS[3:5] @ VECTORS[0] > VECTORS[4] @ VECTORS[0]).sum())
    assert keras.ops.convert_to_numpy(better).tolist() == [[2.0**24, expected]]


@pytest.mark.parametrize("ids", [IDS, None])
def test_candidates_in_memory_are_saved_and_others_are_not(ids: Any, tmp_path: Path) -> None:
    CandidatesOnDisk([(IDS, VECTORS)]).save(tmp_path)
    assert CandidatesInMemory.load(tmp_path) is None
    CandidatesInMemory(VECTORS, ids).save(tmp_path)
    loaded = CandidatesInMemory.load(tmp_path)
    assert loaded is not None
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(loaded.vectors(np.arange(1500))), VECTORS)
    assert (loaded.ids is None) if ids is None else (loaded.ids == ids).all()
