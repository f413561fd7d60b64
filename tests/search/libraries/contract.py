"""Contract test of adapters, against float64 scores of all candidates.

Each adapter's test file passes its class to these checks.
"""

import importlib.util
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from shortlist.errors import ArgumentError, MissingExtraError
from shortlist.indexes import StoredIndex
from shortlist.metrics import FactorizedTopK
from shortlist.search._row_filter import RowFilter

Array = NDArray[Any]
# Constructor of an index, or a function like it.
Make = Callable[..., StoredIndex]

SIZE = 3000


def skip_without(package: str) -> pytest.MarkDecorator:
    is_missing = importlib.util.find_spec(package) is None
    return pytest.mark.skipif(is_missing, reason=f"{package} is not installed")


def clustered(num_rows: int, dim: int = 16, seed: int = 0) -> Array:
    """Draw unit vectors around 40 centers; every tenth is duplicated."""
    centers = np.random.default_rng(99).normal(size=(40, dim))
    generator = np.random.default_rng(seed)
    vectors = centers[generator.integers(0, 40, num_rows)] + 0.3 * generator.normal(size=(num_rows, dim))
    vectors[1::10] = vectors[::10][: len(vectors[1::10])]
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("float32")


def all_scores(queries: Array, vectors: Array) -> Array:
    """Return the best product with any head `[num_queries, num_rows]`."""
    heads = queries if queries.ndim == 3 else queries[:, None]
    return np.einsum("bhd,nd->bhn", heads.astype("float64"), vectors.astype("float64")).max(axis=1)


def recall(found: Array, scores: Array) -> float:
    """Return the fraction of the k best scores found; ties with the k-th best count."""
    least = -np.sort(-scores, axis=1)[:, found.shape[1] - 1]
    return float((found >= least[:, None] - 1e-5).mean())


def check_answer(found: tuple[Array, Array], scores: Array, least_recall: float) -> None:
    """Check that rows are unique, with their true scores, best first, ties ordered by row."""
    values, rows = found
    assert (values.dtype, rows.ndim) == (np.dtype("float32"), 2)
    np.testing.assert_allclose(values, np.take_along_axis(scores, rows, axis=1), atol=1e-5)
    assert all(len(set(line)) == len(line) for line in rows.tolist())
    pairs = list(zip((-values).ravel().tolist(), rows.ravel().tolist(), strict=True))
    k = rows.shape[1]
    assert all(pairs[i : i + k] == sorted(pairs[i : i + k]) for i in range(0, len(pairs), k))
    assert recall(values, scores) >= least_recall


def check_recall(make: Make) -> None:
    vectors, queries = clustered(SIZE), clustered(60, seed=1)
    index = make().index(vectors)
    check_answer(index(queries, 10), all_scores(queries, vectors), 0.9)
    assert not index.is_exact()


def check_several_heads(make: Make) -> None:
    vectors, queries = clustered(SIZE), clustered(60, seed=2).reshape(20, 3, -1)
    check_answer(make().index(vectors)(queries, 10), all_scores(queries, vectors), 0.9)


def check_cosine(make: Make) -> None:
    vectors, queries = clustered(SIZE), clustered(20, seed=3)
    lengths = np.random.default_rng(0).uniform(0.1, 9, (SIZE, 1)).astype("float32")
    found = make(similarity="cosine").index(vectors * lengths)(5 * queries, 10)
    np.testing.assert_allclose(
        found[0], np.take_along_axis(all_scores(queries, vectors), found[1], 1), atol=1e-5
    )
    assert recall(found[0], all_scores(queries, vectors)) >= 0.9


def check_largest_search_budget_finds_all(make: Make) -> None:
    vectors, queries = clustered(SIZE), clustered(20, seed=4)
    engine = make().index(vectors).snapshot().engine
    engine = engine.with_search_budget(engine.max_search_budget)
    scores, _ = engine.search(queries[:, None], 10, RowFilter(np.zeros((20, 0), "int32")))
    assert recall(scores, all_scores(queries, vectors)) >= 0.99
    assert engine.with_search_budget(10**9).search_budget == engine.max_search_budget
    assert str(engine.search_budget) in engine.label()
    assert engine.num_bytes() > vectors.nbytes


def check_exact_counts(make: Make) -> None:
    """Check that min(k, allowed) rows are returned when the best are excluded or few pass the filter."""
    vectors, queries = clustered(SIZE), clustered(8, seed=5)
    scores = all_scores(queries, vectors)
    index = make().index(
        vectors, attributes={"kind": np.arange(SIZE) % 300, "is_even": np.arange(SIZE) % 2 == 0}
    )
    for num_excluded in (1, 700, SIZE - 5):
        excluded = np.argsort(-scores, axis=1)[:, :num_excluded]
        left = scores.copy()
        np.put_along_axis(left, excluded, -np.inf, axis=1)
        check_filtered(index(queries, 10, exclude=excluded), left)
    of_kind = np.where(np.arange(SIZE) % 300 == 7, scores, -np.inf)
    check_filtered(index(queries, 20, where={"kind": 7}), of_kind)
    each = [{"kind": [number, number + 1], "is_even": True} for number in range(8)]
    rows = np.arange(SIZE)
    kept = [(rows % 300 >= n) & (rows % 300 <= n + 1) & (rows % 2 == 0) for n in range(8)]
    check_filtered(index(queries, 20, where=each), np.where(kept, scores, -np.inf))
    check_filtered(index(queries, 4, allow=[5, 9, 2]), np.where(np.isin(rows, [2, 5, 9]), scores, -np.inf))


def check_filtered(found: tuple[Array, Array], scores: Array) -> None:
    """Check an answer against `scores`, which are minus infinity for rejected rows."""
    values, rows = found
    counts = np.minimum(np.isfinite(scores).sum(axis=1), rows.shape[1])
    assert (rows >= 0).sum(axis=1).tolist() == counts.tolist()
    for line, (value, some) in enumerate(zip(values, rows, strict=True)):
        assert len(set(some[: counts[line]].tolist())) == counts[line]
        np.testing.assert_allclose(value[: counts[line]], scores[line, some[: counts[line]]], atol=1e-5)
        assert np.isneginf(value[counts[line] :]).all()


def check_single_query(make: Make) -> None:
    vectors, queries = clustered(SIZE), clustered(20, seed=12)
    index = make().index(vectors)
    together = index(queries, 10)
    for row in range(20):
        alone = index(queries[row : row + 1], 10)
        np.testing.assert_array_equal(alone[1][0], together[1][row])
        np.testing.assert_allclose(alone[0][0], together[0][row], atol=1e-5)


def check_layouts_of_queries(make: Make) -> None:
    """Check queries that are not C-contiguous float32 arrays, as libraries read the memory directly."""
    vectors, queries = clustered(SIZE), clustered(20, seed=13)
    index = make().index(vectors)
    scores, rows = index(queries, 10)
    wide = queries.astype("float64").repeat(2, axis=1)
    for same in (np.asfortranarray(queries), wide[:, ::2], keras.ops.convert_to_tensor(queries)):
        found = index(same, 10)
        np.testing.assert_array_equal(found[0], scores)
        np.testing.assert_array_equal(found[1], rows)


def check_few_candidates(make: Make) -> None:
    """Check that all of a few candidates are returned in order, even fewer than the clusters."""
    for num_rows, dim in ((1, 1), (1, 5), (2, 3), (9, 2), (41, 4)):
        vectors, queries = clustered(num_rows, dim), clustered(3, dim, seed=6)
        check_filtered(make().index(vectors)(queries, 50), all_scores(queries, vectors))


def check_changes(make: Make) -> None:
    vectors, queries = clustered(SIZE), clustered(10, seed=7)
    index = make().index(vectors)
    best = index(queries, 1)[1][:, 0]
    index.remove(best)
    assert not np.isin(index(queries, 10)[1], best).any()
    index.upsert(best[:1], 9 * queries[:1])
    assert index(queries[:1], 1)[1][0, 0] == best[0]
    index.compact()
    assert index(queries[:1], 1)[1][0, 0] == best[0]
    assert not np.isin(index(queries, 10)[1], np.setdiff1d(best, best[:1])).any()


def check_determinism(make: Make) -> None:
    vectors, queries = clustered(SIZE), clustered(60, seed=8)
    first, second = (make().index(vectors)(queries, 20) for _ in range(2))
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(first[0], second[0])


def check_metric(make: Make) -> None:
    """Check that metrics rank true ids within the lists returned by the index."""
    vectors, queries = clustered(SIZE), clustered(40, seed=9)
    index = make().index(vectors)
    listed = index(queries, 10)[1]
    true_ids = np.where(
        np.arange(40) % 2, listed[:, 3], np.argsort(all_scores(queries, vectors), axis=1)[:, 0]
    )
    metric = FactorizedTopK(index, ks=(3, 10))
    with pytest.warns(UserWarning, match="of the exact 10 best"):
        metric.refresh()
    metric.update_state(queries, vectors[true_ids], true_candidate_ids=true_ids)
    assert float(metric.result()["recall_at_10"]) == pytest.approx(0.5)
    assert float(metric.result()["recall_at_3"]) == 0.0


def check_tuned_when_small(make: Make) -> None:
    vectors = clustered(SIZE)
    index = make().index(vectors)
    index.tune(clustered(30, seed=11))
    assert index.search_budget is None
    assert index.is_exact()


def check_errors_name_the_search_budget(make: Make) -> None:
    name = make().spec.search_budget_name
    with pytest.raises(ArgumentError, match=f"^{name} must be an integer >= 1, got 0"):
        make(**{name: 0})


def check_missing(adapter: type[StoredIndex], package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Check that the error of a missing package tells how to install it."""
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    extra = adapter.__name__.lower()
    with pytest.raises(
        MissingExtraError, match=rf"indexes\.{adapter.__name__}\. Run: pip install 'shortlist\[{extra}\]'"
    ):
        adapter()


CHECKS = [
    check_recall,
    check_several_heads,
    check_cosine,
    check_largest_search_budget_finds_all,
    check_exact_counts,
    check_single_query,
    check_layouts_of_queries,
    check_few_candidates,
    check_changes,
    check_determinism,
    check_metric,
    check_tuned_when_small,
    check_errors_name_the_search_budget,
]
