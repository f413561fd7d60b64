"""Two-pass search agrees with sorting all scores: ties, exclusions, heads, incomplete blocks."""

import keras
import numpy as np
import pytest
from tests.oracles.top_k import top_k

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.search import _exact as module
from shortlist.search._exact import exact_search
from shortlist.search._row_filter import RowFilter
from shortlist.search._tensors import compiled_for

pytestmark = pytest.mark.contract
DIM = 3


def check(num_candidates: int, num_queries: int, k: int, *, num_excluded: int = 0, heads: int = 1) -> None:
    """Compare with sorting, on integers: many ties and no rounding."""
    generator = np.random.default_rng(num_candidates + k)
    vectors = generator.integers(-2, 3, (num_candidates, DIM)).astype("float32")
    queries = generator.integers(-2, 3, (num_queries, heads, DIM)).astype("float32")
    scores = np.einsum("qhd,nd->qhn", queries, vectors).max(axis=1)
    best = np.argsort(-scores, axis=1, kind="stable")[:, : 2 * num_excluded]
    excluded = generator.permuted(best, axis=1)[:, :num_excluded].astype("int32")  # exclude top rows
    if num_excluded:
        excluded[:, 0], excluded[0, 1:2] = num_candidates - 1, -1
    expected = top_k(scores, k, excluded.tolist())
    found = exact_search(
        keras.ops.convert_to_tensor(vectors),
        keras.ops.convert_to_tensor(queries if heads > 1 else queries[:, 0]),
        k,
        RowFilter(excluded) if num_excluded else None,
    )
    for got, slow in zip(found, expected, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(got), slow)


@pytest.mark.parametrize("num_candidates", [128 * 16, 128 * 16 + 1, 128 * 17 - 1])
@pytest.mark.parametrize("heads", [1, 2])
def test_blocks(num_candidates: int, heads: int) -> None:
    check(num_candidates, 3, 3, heads=heads)
    check(num_candidates, 3, 2, heads=heads, num_excluded=1)


def test_many_are_excluded() -> None:
    check(128 * 80 + 5, 4, 5, num_excluded=14)


@pytest.mark.parametrize("num_rest", [0, 1, 77])
def test_the_best_are_excluded_wherever_they_stand(num_rest: int) -> None:
    # The excluded rows fill the best blocks and the incomplete one.
    generator = np.random.default_rng(num_rest)
    num_in_blocks = 128 * 80
    vectors = generator.normal(size=(num_in_blocks + num_rest, DIM)).astype("float32")
    vectors[num_in_blocks:] *= 10.0
    queries = generator.normal(size=(4, DIM)).astype("float32")
    scores = queries @ vectors.T
    excluded = np.argsort(-scores, axis=1)[:, :14].astype("int32")
    _, expected = top_k(scores, 5, excluded.tolist())
    for one_by_one in (False, True):
        parts = [slice(i, i + 1) for i in range(4)] if one_by_one else [slice(0, 4)]
        found = [exact_search(vectors, queries[part], 5, RowFilter(excluded[part]))[1] for part in parts]
        np.testing.assert_array_equal(np.concatenate([np.asarray(rows) for rows in found]), expected)


@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize(("num_queries", "num_lines"), [(1, 1), (3, 1), (3, 3)])
def test_rows_that_do_not_meet_the_requirements_take_no_block(
    num_queries: int, num_lines: int, heads: int
) -> None:
    # So few rows pass that the best blocks of all rows hold hardly any of them.
    generator = np.random.default_rng(heads)
    num = 128 * 24 + 9
    vectors = generator.normal(size=(num, DIM)).astype("float32")
    queries = generator.normal(size=(num_queries, heads, DIM)).astype("float32")
    table = np.stack([generator.integers(0, 4, num), generator.integers(0, 100, num)], 1).astype("int32")
    bits, lowest = generator.integers(1, 4, num_lines), generator.integers(0, 95, num_lines)
    required = np.stack([bits, np.zeros_like(bits)], axis=1)[:, None].astype("int32")
    limits = np.stack([[np.zeros_like(bits), lowest], [np.full_like(bits, 3), lowest + 4]]).astype("int32")
    limits = limits.transpose(2, 0, 1)
    scores = np.einsum("qhd,nd->qhn", queries, vectors).max(axis=1)
    nothing = np.empty((num_queries, 0), "int32")
    for own in (limits, None):
        failing = []
        for query in range(num_queries):
            line = query % num_lines
            passes = (table[:, 0] & bits[line]) > 0
            if own is not None:
                passes &= (table[:, 1] >= lowest[line]) & (table[:, 1] <= lowest[line] + 4)
            failing.append(np.flatnonzero(~passes).tolist())
        _, expected = top_k(scores, 4, failing)
        _, found = exact_search(vectors, queries, 4, RowFilter(nothing, table, required, own))
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), expected)


def test_of_equal_scores_the_lower_row_comes_first_though_its_block_is_the_worse() -> None:
    vectors = np.zeros((128 * 16, 1), "float32")
    vectors[[5, 128 * 9 + 1, 128 * 9 + 2], 0] = [1, 2, 1]
    _, rows = exact_search(vectors, np.ones((2, 1), "float32"), 2)
    assert np.asarray(rows).tolist() == [[128 * 9 + 1, 5]] * 2


def test_one_query_and_few_candidates_go_another_way() -> None:
    check(128 * 16 + 1, 1, 3)
    check(128 * 33 + 1, 1, 3, num_excluded=1)
    check(128 * 16 + 1, 1, 3, heads=2)
    check(40, 5, 40, num_excluded=7)


def test_queries_in_several_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled_for.cache_clear()  # recompile with the patched constants
    monkeypatch.setattr(module, "_BLOCK_SCORES", 2 * 16)  # two queries per pass
    monkeypatch.setattr(backend, "rows_per_chunk", lambda num_rows, num_columns: 1)
    check(128 * 16 + 3, 5, 3)
    check(60, 5, 3, num_excluded=2)


def test_no_query() -> None:
    scores, rows = exact_search(np.zeros((128 * 16, DIM), "float32"), np.zeros((0, DIM), "float32"), 3)
    assert tuple(scores.shape) == tuple(rows.shape) == (0, 3)


def test_one_search_serves_batches_and_exclusions_of_any_size() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(128 * 40, DIM)).astype("float32")
    for num_queries, num_excluded in ((2, 0), (5, 1), (1, 1), (3, 2), (2, 0)):
        queries = generator.normal(size=(num_queries, DIM)).astype("float32")
        excluded = generator.integers(0, len(vectors), (num_queries, num_excluded)).astype("int32")
        _, expected = top_k(queries @ vectors.T, 4, excluded.tolist())
        _, rows = exact_search(vectors, queries, 4, RowFilter(excluded) if num_excluded else None)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(rows), expected)


def test_widths_that_do_not_fit() -> None:
    with pytest.raises(ArgumentError, match="equal last dimensions"):
        exact_search(np.zeros((5, 3), "float32"), np.zeros((1, 2), "float32"), 1)
