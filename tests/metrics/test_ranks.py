"""Ranks by counts in tiles next to a loop over all candidates, in memory and from the disk."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from shortlist import backend
from shortlist.metrics import _candidates as module
from shortlist.metrics._candidates import CandidatesInMemory, CandidatesOnDisk
from shortlist.metrics._ranks import Tiles, ranks
from shortlist.metrics._true_ranks import NEVER

pytestmark = pytest.mark.contract
Array = np.ndarray
NUM_CANDIDATES, DIM = 300, 3


def in_memory(vectors: Array) -> Tiles:
    return CandidatesInMemory(vectors)


def on_disk(vectors: Array) -> Tiles:
    return CandidatesOnDisk((np.arange(len(part)), part) for part in np.array_split(vectors, 7))


@pytest.fixture(params=[in_memory, on_disk])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[Array], Tiles]:
    monkeypatch.setattr(backend, "rows_per_chunk", lambda *sizes: 1)  # of 64 candidates
    monkeypatch.setattr(module, "_ON_DISK", 64)
    return request.param


def slow_ranks(
    vectors: Array, queries: Array, true: Array, is_known: Array, excluded: Array
) -> tuple[Array, Array]:
    """One comparison after the other, in whole numbers, which no order of additions rounds."""
    better, tied = np.full(is_known.shape, float(NEVER)), np.ones(is_known.shape)
    for query, place in np.ndindex(is_known.shape):
        if not is_known[query, place]:
            continue
        left = set(range(len(vectors))) - (set(excluded[query]) - set(true[query][is_known[query]]))
        scores = {j: max(head @ vectors[j] for head in queries[query]) for j in left}
        own = max(head @ vectors[true[query, place]] for head in queries[query])
        better[query, place] = sum(score > own for score in scores.values())
        tied[query, place] = sum(score == own for score in scores.values())
    return better, tied


@pytest.mark.parametrize("num_heads", [1, 2])
@pytest.mark.parametrize("num_true", [1, 3])
def test_ranks(store: Callable[[Array], Tiles], num_heads: int, num_true: int) -> None:
    generator = np.random.default_rng(num_heads + num_true)
    vectors = generator.integers(-2, 3, (NUM_CANDIDATES, DIM)).astype("float32")  # many are the same
    queries = generator.integers(-2, 3, (5, num_heads, DIM)).astype("float32")
    queries[0] = 0.0  # all tied, at 0
    true = np.stack([generator.choice(NUM_CANDIDATES, num_true, replace=False) for _ in range(5)])
    true[1, 0] = 299
    rows = np.where(generator.random(true.shape) < 0.3, -1, true).astype("int32")
    excluded = generator.integers(-1, NUM_CANDIDATES, (5, 40)).astype("int32")
    excluded[:, 0], excluded[:, 1] = true[:, 0], excluded[:, 2]  # a true one, and a repeated one
    found = ranks(
        store(vectors),
        keras.ops.convert_to_tensor(queries if num_heads > 1 else queries[:, 0]),
        keras.ops.convert_to_tensor(vectors[true]),
        keras.ops.convert_to_tensor(rows),
        keras.ops.convert_to_tensor(excluded),
    )
    for got, slow in zip(found, slow_ranks(vectors, queries, true, rows >= 0, excluded), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(got), slow)


@pytest.mark.parametrize("length", [1e-8, 1, 1e8])
def test_a_vector_that_the_catalog_lacks_has_a_rank_whatever_the_lengths_of_vectors(
    length: float, store: Callable[[Array], Tiles]
) -> None:
    vectors = np.arange(100, dtype="float32")[:, None] * np.float32(length)
    better, tied = ranks(store(vectors), np.float32([[2]]), np.float32([[[7.5 * length]]]))
    assert (float(better[0, 0]), float(tied[0, 0])) == (92, 1)


@pytest.mark.parametrize("heads", [[1.0], [1.0, 1e-3]], ids=["one head", "a long and a short one"])
def test_rounding_is_no_order(heads: list[float], store: Callable[[Array], Tiles]) -> None:
    """The same vector a hundred times, wherever it stands in a tile, is tied with itself."""
    generator = np.random.default_rng(0)
    vectors = np.repeat(generator.normal(size=(2, 67)), 50, axis=0).astype("float32")
    queries = (generator.normal(size=(9, len(heads), 67)) * np.array(heads)[:, None]).astype("float32")
    better, tied = ranks(store(vectors), queries, np.repeat(vectors[None, :1], 9, axis=0))
    assert set(np.asarray(keras.ops.convert_to_numpy(better)).ravel()) <= {0.0, 50.0}
    assert np.asarray(keras.ops.convert_to_numpy(tied)).ravel().tolist() == [50.0] * 9


def test_a_query_that_is_not_a_number_finds_nothing(store: Callable[[Array], Tiles]) -> None:
    vectors = np.eye(3, dtype="float32")
    better, tied = ranks(store(vectors), np.float32([[np.nan, 0, 0]]), vectors[None, :1], np.int32([[0]]))
    assert (float(better[0, 0]), float(tied[0, 0])) == (NEVER, 1)


def test_ranks_inside_a_compiled_evaluation(store: Callable[[Array], Tiles]) -> None:
    import shortlist as sl

    vectors = np.random.default_rng(1).normal(size=(100, 4)).astype("float32")
    batches = [(np.arange(100), vectors)]
    is_on_disk = isinstance(store(vectors), CandidatesOnDisk)
    source: Any = sl.indexes.Streaming().index_from_dataset(batches) if is_on_disk else batches

    class Evaluated(sl.Model):
        def __init__(self) -> None:
            super().__init__()
            self.metric = sl.metrics.FactorizedTopK(source, ks=(1,), metrics=("recall",))

        def compute_loss(self, inputs: Any, training: bool = False) -> Any:
            self.metric.update_state(inputs["query"], true_candidate_ids=inputs["true"])
            return keras.ops.sum(inputs["query"]) * 0.0

    model = Evaluated()
    model.compile()
    nearest = np.argmax(vectors @ vectors.T, axis=1).astype("int32")
    logs = model.evaluate({"query": vectors, "true": nearest}, batch_size=32, return_dict=True, verbose=0)
    assert logs["recall_at_1"] == pytest.approx(1.0)


def test_a_true_vector_of_zeros_next_to_long_ones(store: Callable[[Array], Tiles]) -> None:
    vectors = np.float32([[0, 0, 0], [1e6, 0, 0], [-1e6, 0, 0], [0, 1e6, 0]])
    better, tied = ranks(store(vectors), np.float32([[1e6, 0, 0]]), vectors[None, :1], np.int32([[0]]))
    assert (float(better[0, 0]), float(tied[0, 0])) == (1.0, 2.0)


def test_long_vectors_whose_products_cancel_are_tied_with_a_true_vector_of_zeros(
    store: Callable[[Array], Tiles],
) -> None:
    long = np.float32(2**20)
    vectors = long * np.float32([[0, 0, 0], [1, -1, 0], [-1, 1, 0], [1, 0, 0]])
    better, tied = ranks(store(vectors), long * np.float32([[1, 1, 0]]), vectors[None, :1], np.int32([[0]]))
    assert (float(better[0, 0]), float(tied[0, 0])) == (1.0, 3.0)


def test_a_catalog_too_large_for_one_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more than 2^22 candidates is not told from another number by the square root of float32."""
    monkeypatch.setattr(backend, "rows_per_chunk", lambda num_rows, num_columns: num_rows)  # an endless cache
    vectors = np.full((4_196_355, 1), -1.0, "float32")
    vectors[:3] = 3.0
    better, tied = ranks(in_memory(vectors), np.float32([[1]]), np.float32([[[1]]]))
    assert (float(better[0, 0]), float(tied[0, 0])) == (3.0, 1.0)
