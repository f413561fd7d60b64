"""Search of partitions against a brute-force search of the same partitions."""

import numpy as np
import pytest

from shortlist.search._row_filter import RowFilter
from shortlist.search._tensors import compiled_for
from shortlist.search.partitions import PartitionedEngine, Partitions
from shortlist.search.partitions import _search as searching

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(0)
VECTORS = GENERATOR.normal(size=(90, 4)).astype("float32")
PARTITIONS = Partitions.of(VECTORS, 9, seed=0)


def slow(partitions: Partitions, query: np.ndarray, probes: int, k: int, forbidden: set[int]) -> list[int]:
    promise = (partitions.centroids @ query.T).max(axis=1)
    chosen = np.argsort(-promise, kind="stable")[:probes]
    rows = [row for row in partitions.rows[chosen].ravel().tolist() if row >= 0 and row not in forbidden]
    return sorted(rows, key=lambda row: -float((VECTORS[row] @ query.T).max()))[:k]


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("num_queries", [1, 2, 40])
@pytest.mark.parametrize("probes", [2, 9])
def test_the_best_of_the_chosen_partitions(heads: int, num_queries: int, probes: int) -> None:
    check(PARTITIONS, heads, num_queries, probes)


@pytest.mark.parametrize("heads", [1, 3])
def test_a_large_batch_is_searched_in_chunks(monkeypatch: pytest.MonkeyPatch, heads: int) -> None:
    compiled_for.cache_clear()  # compiled functions keep the old constant
    partitions = Partitions.of(VECTORS, 7, seed=0)
    monkeypatch.setattr(searching, "_SLOTS_AT_ONCE", 3 * 5 * partitions.rows.shape[1])
    check(partitions, heads, num_queries=11, probes=5)


def check(partitions: Partitions, heads: int, num_queries: int, probes: int) -> None:
    queries = GENERATOR.normal(size=(num_queries, heads, 4)).astype("float32")
    excluded = GENERATOR.integers(-1, 90, (num_queries, 4)).astype("int32")
    bits = GENERATOR.integers(0, 4, (90, 1)).astype("int32")
    lowest = np.arange(num_queries, dtype="int32") % 3
    limits = np.stack([lowest, np.full_like(lowest, 2)], axis=1)[..., None]
    for rows in (
        RowFilter(excluded[:, :0]),
        RowFilter(excluded),
        RowFilter(excluded, bits, np.int32([[[1], [3]]])),
        RowFilter(excluded, bits, np.full((num_queries, 1, 1), 2, "int32")),
        RowFilter(excluded, bits, np.int32([[[3]]]), np.int32([[[2], [9]]])),
        RowFilter(excluded, bits, np.int32([[[3]]]).repeat(num_queries, 0), limits),
    ):
        engine = PartitionedEngine(partitions.tables(VECTORS), probes)
        scores, found = engine.search(queries, 3, rows)
        for query in range(num_queries):
            is_allowed = rows.accepts(np.arange(90)[None], np.array([query]))[0]
            forbidden = set(np.flatnonzero(~is_allowed).tolist())
            wanted = slow(partitions, queries[query], probes, 3, forbidden)
            if len(wanted) == 3:  # otherwise the search widens
                assert found[query].tolist() == wanted
                true = [(VECTORS[row] @ queries[query].T).max() for row in wanted]
                np.testing.assert_allclose(scores[query], true, atol=1e-5)


@pytest.mark.parametrize("num_queries", [1, 3])
def test_one_excluded_row_and_padding_alone(num_queries: int) -> None:
    vectors = VECTORS.copy()
    vectors[0] *= 10  # the best of these queries
    order = np.argsort(-(vectors @ vectors[0]))
    engine = PartitionedEngine(Partitions.of(vectors, 9, seed=0).tables(vectors), 9)
    queries = np.repeat(vectors[:1, None], num_queries, axis=0)
    for excluded, wanted in ((-1, order[:3]), (0, order[1:4])):
        _, found = engine.search(queries, 3, RowFilter(np.full((num_queries, 1), excluded, "int32")))
        assert found.tolist() == [wanted.tolist()] * num_queries


@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("num_queries", [1, 2])
def test_the_best_by_codes_are_ordered_by_their_vectors(heads: int, num_queries: int) -> None:
    """With vectors that codes can hardly distinguish, all of them rescored."""
    vectors = (VECTORS[:1] + 0.01 * VECTORS).astype("float32")
    engine = PartitionedEngine(Partitions.of(vectors, 9, seed=0, as_codes=True).tables(vectors), 9, 30)
    queries = GENERATOR.normal(size=(num_queries, heads, 4)).astype("float32")
    queries[:, -1] += 3 * VECTORS[0]  # the best head is the last
    products = np.einsum("qhd,nd->qhn", queries.astype("float64"), vectors.astype("float64")).max(axis=1)
    scores, found = engine.search(queries, 3, RowFilter(np.zeros((num_queries, 0), "int32")))
    np.testing.assert_array_equal(found, np.argsort(-products, axis=1)[:, :3])
    np.testing.assert_allclose(scores, -np.sort(-products, axis=1)[:, :3], rtol=1e-6)


def engine_of_codes(vectors: np.ndarray, num_rescored: int) -> PartitionedEngine:
    return PartitionedEngine(
        Partitions.of(vectors, 9, seed=0, as_codes=True).tables(vectors), 9, num_rescored
    )


@pytest.mark.parametrize("num_queries", [1, 2])
def test_codes_of_one_direction_differ_by_their_length(num_queries: int) -> None:
    lengths = GENERATOR.permutation(np.arange(1, 91)).astype("float32")
    vectors = lengths[:, None] * VECTORS[:1]
    queries = np.repeat(VECTORS[None, :1], num_queries, axis=0)
    _, found = engine_of_codes(vectors, 1).search(queries, 3, RowFilter(np.zeros((num_queries, 0), "int32")))
    assert found.tolist() == [np.argsort(-lengths)[:3].tolist()] * num_queries


@pytest.mark.parametrize("num_queries", [1, 2])
def test_rescoring_finds_the_best_of_equal_codes(num_queries: int) -> None:
    small = GENERATOR.permutation(np.linspace(0, 0.1, 90)).astype("float32")  # less than a step of the codes
    vectors = np.stack([np.full(90, 100, "float32"), small, small, small], axis=1)
    queries = np.repeat(np.float32([[[0, 1, 1, 1]]]), num_queries, axis=0)
    _, found = engine_of_codes(vectors, 30).search(queries, 3, RowFilter(np.zeros((num_queries, 0), "int32")))
    assert found.tolist() == [np.argsort(-small)[:3].tolist()] * num_queries


@pytest.mark.parametrize("num_queries", [1, 2])
def test_fewer_rows_than_are_rescored_are_padded(num_queries: int) -> None:
    excluded = np.repeat(np.arange(2, 90, dtype="int32")[None], num_queries, axis=0)
    queries = np.repeat(VECTORS[None, :1], num_queries, axis=0)
    scores, found = engine_of_codes(VECTORS, 4).search(queries, 4, RowFilter(excluded))
    true = VECTORS[:2] @ VECTORS[0]
    order = np.argsort(-true)
    assert found.tolist() == [[*order.tolist(), -1, -1]] * num_queries
    np.testing.assert_allclose(scores, [[*true[order], -np.inf, -np.inf]] * num_queries, rtol=1e-5)
