"""`LibraryEngine` with a fake library that records its calls."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shortlist import backend
from shortlist.search._row_filter import RowFilter
from shortlist.search._tensors import found_rows, search_symbolic
from shortlist.search.libraries._library_engine import LibraryEngine, load_vectors

Array = NDArray[Any]


class Whole(LibraryEngine):
    """Fake library that returns the `search_budget` best rows by exact scores."""

    asked: list[tuple[int, int]]

    def nearest_rows(self, queries: Array, k: int) -> Array:
        self.asked.append((len(queries), k))
        order = np.argsort(-(queries @ self.vectors.T), axis=1, kind="stable")[:, :k].copy()
        order[:, self.search_budget :] = -1
        return order

    def num_library_bytes(self) -> int:
        return 100

    def save_library(self, folder: Path) -> None:
        (folder / "own").write_text("x")


def make(vectors: Array, search_budget: int | None = None) -> Whole:
    engine = Whole(vectors, len(vectors) if search_budget is None else search_budget, len(vectors))
    engine.asked = []
    return engine


def expected(queries: Array, vectors: Array, k: int, allowed: Array) -> tuple[list[Any], list[Any]]:
    """Compute scores and rows from the definition, one query at a time."""
    scores, rows = [], []
    for query, may_come in zip(queries.tolist(), allowed.tolist(), strict=True):
        each = [
            (-max(sum(a * b for a, b in zip(head, vector, strict=True)) for head in query), row)
            for row, vector in enumerate(vectors.tolist())
            if may_come[row]
        ]
        best = sorted(each)[:k]
        scores.append([-score for score, _ in best] + [-np.inf] * (k - len(best)))
        rows.append([row for _, row in best] + [-1] * (k - len(best)))
    return scores, rows


def world(seed: int, heads: int, is_filtered: bool) -> tuple[Array, Array, RowFilter, Array]:
    """Draw small integers, which tie often, and a filter with its allowed rows `[3, num_rows]`."""
    generator = np.random.default_rng(seed)
    num_rows = int(generator.integers(1, 40))
    vectors = generator.integers(-1, 2, (num_rows, 3)).astype("float32")
    queries = generator.integers(-2, 3, (3, heads, 3)).astype("float32")
    excluded = generator.integers(-1, num_rows, (3, generator.integers(0, 30))).astype("int32")
    allowed = np.ones((3, num_rows), "bool")
    for line, rows in zip(allowed, excluded, strict=True):
        line[rows[rows >= 0]] = False
    if not is_filtered:
        return vectors, queries, RowFilter(excluded), allowed
    bits, wanted = generator.integers(0, 4, (num_rows, 1)), generator.integers(1, 4, (3, 1, 1))
    allowed &= (bits[:, 0] & wanted[:, 0]) != 0
    return vectors, queries, RowFilter(excluded, bits.astype("int32"), wanted.astype("int32")), allowed


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 3), st.booleans(), st.integers(1, 12))
def test_equals_the_definition_if_the_library_returns_all_rows(
    seed: int, heads: int, is_filtered: bool, k: int
) -> None:
    """Rows are compared for k = num_rows only, as a library may return any of several ties."""
    vectors, queries, rows, allowed = world(seed, heads, is_filtered)
    k = min(k, len(vectors))
    scores, found = make(vectors).search(queries, k, rows)
    wanted, _ = expected(queries, vectors, k, allowed)
    np.testing.assert_array_equal(scores, wanted)
    for line, (some, values) in enumerate(zip(found.tolist(), wanted, strict=True)):
        there = [row for row in some if row >= 0]
        assert len(there) == len(set(there)) == np.isfinite(values).sum()
        assert allowed[line, there].all()
    whole = make(vectors).search(queries, len(vectors), rows)
    np.testing.assert_array_equal(whole[1], expected(queries, vectors, len(vectors), allowed)[1])


def test_only_incomplete_queries_are_repeated_with_a_larger_k() -> None:
    vectors = np.eye(100, dtype="float32")
    queries = np.linspace(1, 2, 100, dtype="float32")[None, None].repeat(2, axis=0)
    excluded = np.stack([np.arange(60, 100), np.full(40, -1)]).astype("int32")
    engine = make(vectors)
    rows = engine.search(queries, 3, RowFilter(excluded))[1]
    assert rows.tolist() == [[59, 58, 57], [99, 98, 97]]
    assert engine.asked == [(2, 6), (1, 24), (1, 96)]
    engine.asked.clear()
    engine.search(queries, 3, RowFilter(np.zeros((2, 0), "int32")))
    assert engine.asked == [(2, 3)]


def test_an_exhausted_library_is_not_queried_again() -> None:
    engine = make(np.eye(100, dtype="float32"), search_budget=5)
    queries = np.linspace(1, 2, 100, dtype="float32")[None, None]
    scores, rows = engine.search(queries, 4, RowFilter(np.int32([[99, 98]])))
    assert rows.tolist() == [[97, 96, 95, -1]]
    assert np.isneginf(scores[0, 3])
    assert len(engine.asked) == 1


@pytest.mark.contract
def test_listed_and_searched_in_a_compiled_function() -> None:
    """With symbolic exclusions, as in a metric, and with attributes."""
    for is_filtered, is_all in ((False, False), (True, False), (True, True)):
        vectors, queries, rows, allowed = world(5, 2, is_filtered)
        k = len(vectors) if is_all else min(4, len(vectors))
        engine = make(vectors)

        def listed(*asked: Any, k: int = k, engine: Whole = engine) -> Any:
            return found_rows(engine, asked[0], k, RowFilter(*asked[1:]))

        def searched(*asked: Any, k: int = k, engine: Whole = engine) -> Any:
            return search_symbolic(engine, asked[0], k, RowFilter(*asked[1:]))

        asked = [keras.ops.convert_to_tensor(part) for part in (queries, *rows) if part is not None]
        scores, found = backend.compiled(searched)(*asked)
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(scores), expected(queries, vectors, k, allowed)[0]
        )
        plain = engine.search(queries, k, rows)[1]
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), plain)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(backend.compiled(listed)(*asked)), plain)


def test_search_budget_bytes_and_files(tmp_path: Path) -> None:
    vectors = np.random.default_rng(0).normal(size=(7, 3)).astype("float32")
    engine = make(vectors, 2)
    other = engine.with_search_budget(99)
    assert (engine.search_budget, other.search_budget, other.max_search_budget) == (2, 7, 7)
    assert other.vectors is engine.vectors
    assert make(vectors, 99).search_budget == 7
    assert engine.num_bytes() == 7 * 3 * 4 + 100
    engine.save(tmp_path)
    np.testing.assert_array_equal(load_vectors(tmp_path), vectors)
    assert (tmp_path / "own").is_file()
