"""Recall, and the search budget that `tune` chooses for it."""

import numpy as np
import pytest

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.indexes import Partitioned
from shortlist.indexes import _stored as approximate
from shortlist.search._row_filter import RowFilter
from shortlist.search._tuning import estimate_recall, recall_of, some_candidates, tune

VECTORS = np.random.default_rng(0).normal(size=(3000, 8)).astype("float32")
QUERIES = np.random.default_rng(1).normal(size=(50, 8)).astype("float32")


def true_recall(index, k):
    exact = np.argsort(-(QUERIES @ VECTORS.T), axis=1)[:, :k]
    return np.mean([np.isin(one, two).mean() for one, two in zip(index(QUERIES, k)[1], exact, strict=True)])


def test_recall_is_the_share_of_the_best_and_ties_count():
    truth = np.float32([[5, 4, 3], [2, 1, 1]])
    assert recall_of(np.float32([[5, 4, 3], [2, 1, 1]]), truth) == 1
    assert recall_of(np.float32([[5, 2, 1], [2, 1, -np.inf]]), truth) == pytest.approx(3 / 6)
    assert recall_of(np.float32([[-1, -2, -4]]), np.float32([[-1, -2, -3]])) == pytest.approx(2 / 3)
    assert recall_of(np.float32([[-1, -2]]), np.float32([[-1, -2]])) == 1


@pytest.mark.parametrize("codes", [None, pytest.param("int8", marks=pytest.mark.slow)])
def test_the_least_search_budget_that_reaches_the_recall(monkeypatch, codes):
    monkeypatch.setattr(approximate, "SMALL", 100)
    index = Partitioned(k=10, codes=codes).index(VECTORS)
    report = index.tune(QUERIES, recall=0.8)
    assert true_recall(index, 10) == pytest.approx(report.measured_recall, abs=1e-6)
    assert report.measured_recall >= 0.8
    assert report.search_budget == index.probes == index.snapshot().engine.search_budget
    assert report.chosen == index.snapshot().engine.label()
    if codes is None:
        less = [
            one
            for one in report.measured
            if one.search_budget is not None and one.search_budget < index.probes
        ]
        assert less
        assert all(one.recall < 0.8 for one in less)
    assert report.measured[-1].name == "exact search"
    assert report.measured[-1].recall == 1
    assert f"{report.num_candidates:,} candidates" in report.summary()


def test_a_recall_of_one_takes_every_partition_or_exact_search(monkeypatch):
    monkeypatch.setattr(approximate, "SMALL", 100)
    index = Partitioned().index(VECTORS)
    index.tune(QUERIES, recall=1.0)
    assert true_recall(index, 10) == 1


def test_a_small_index_is_searched_exactly_and_says_so():
    index = Partitioned(probes=1).index(VECTORS)
    report = index.tune(QUERIES)
    assert index.is_exact()
    assert index.probes is None
    assert "Exact search is chosen: with 3,000 candidates" in report.summary()
    assert true_recall(index, 10) == 1


def test_an_index_that_grew_out_of_exact_search_is_built_and_tuned(monkeypatch):
    index = Partitioned().index(VECTORS)
    index.tune(QUERIES)
    monkeypatch.setattr(approximate, "SMALL", 100)
    report = index.index(VECTORS).tune(QUERIES, recall=0.8)
    assert not index.is_exact()
    assert index.probes == report.search_budget
    assert true_recall(index, 10) == pytest.approx(report.measured_recall, abs=1e-6)


def test_a_report_is_printed_as_a_table_and_its_reason(monkeypatch):
    monkeypatch.setattr(approximate, "SMALL", 100)
    report = Partitioned().index(VECTORS).tune(QUERIES)
    lines = str(report).splitlines()
    assert "recall@10" in lines[0]
    assert all(any(one.name in line for line in lines) for one in report.measured)
    assert sum("*" in line for line in lines) == 1
    assert str(report).endswith(report.summary())


def test_changes_survive_a_tuning():
    index = Partitioned().index(VECTORS)
    index.upsert([9999], 100 * VECTORS[:1])
    index.remove([1])
    index.tune(QUERIES)
    assert index.num_candidates == 3000
    assert index(VECTORS[:1], 1)[1].tolist() == [[9999]]


def test_settings_other_than_the_search_budget_are_kept_by_the_index(monkeypatch):
    index = Partitioned(codes="int8", num_rescored=1).index(VECTORS[:200])
    chosen = index.snapshot().engine.variants()[-1]
    assert chosen.num_rescored > 1
    monkeypatch.setattr(approximate, "tune", lambda *args, **given: (chosen, tune(*args, **given)[1]))
    report = index.tune(QUERIES)
    assert index.spec.num_rescored == chosen.num_rescored
    assert index.tuning is report


def test_only_an_index_built_here_knows_how_long_that_took(tmp_path):
    index = Partitioned().index(VECTORS[:200])
    built = index.tune(QUERIES)
    assert 0 < built.build_seconds < 60
    assert ", built in" in built.summary()
    index.save(tmp_path / "index.keras")
    loaded = sl.load_model(tmp_path / "index.keras").tune(QUERIES)
    assert loaded.build_seconds is None
    assert ", built in" not in loaded.summary()


@pytest.mark.parametrize("recall", [0, 1.1, -1])
def test_a_recall_out_of_range_is_refused(recall):
    with pytest.raises(ArgumentError, match="recall must be above 0 and at most 1, got"):
        Partitioned().index(VECTORS).tune(QUERIES, recall=recall)


def test_no_queries_are_refused():
    with pytest.raises(ArgumentError, match="queries must hold at least one query"):
        Partitioned().index(VECTORS).tune(QUERIES[:0])


def test_plots_are_written(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `plots` is not installed")
    report = Partitioned().index(VECTORS).tune()
    assert report.plot(tmp_path / "new" / "recall.png").read_bytes().startswith(b"\x89PNG")
    for name in ("recall", "recall.doc"):
        with pytest.raises(ArgumentError, match=rf"path must end in one of .*'png'.*, got .*{name}\."):
            report.plot(tmp_path / name)


def test_recall_by_candidates_as_queries():
    engine = Partitioned(probes=2).index(VECTORS).snapshot().engine
    queries = some_candidates(engine)
    assert queries.shape == (256, 1, 8)
    exact = -np.sort(-(queries[:, 0] @ VECTORS.T), axis=1)[:, :5]
    found = np.asarray(engine.search(queries, 5, RowFilter(np.zeros((256, 0), "int32")))[0])
    assert estimate_recall(engine, 5) == pytest.approx((found >= exact[:, -1:] - 1e-4).mean(), abs=1e-3)


def test_fewer_candidates_than_k():
    index = Partitioned(k=10, probes=1).index(VECTORS[:4])
    assert estimate_recall(index.snapshot().engine, 10) == 1
    report = index.tune(QUERIES)
    assert (report.k, report.measured_recall) == (4, 1)


def test_a_recall_that_is_just_met_is_enough(monkeypatch):
    # Unit vectors are in the first partition probed, so larger budgets need not be tried.
    monkeypatch.setattr(approximate, "SMALL", 100)
    vectors = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    index = Partitioned().index(vectors)
    report = index.tune(vectors[:20], recall=1.0, k=1)
    assert report.k == 1
    search_budgets = [one.search_budget for one in report.measured if one.search_budget is not None]
    assert max(search_budgets) < index.snapshot().engine.max_search_budget


@pytest.mark.slow
def test_what_was_chosen_for_codes_is_kept_in_a_file(monkeypatch, tmp_path):
    monkeypatch.setattr(approximate, "SMALL", 100)
    index = Partitioned(codes="int8", num_rescored=1).index(VECTORS)
    report = index.tune(QUERIES, recall=0.8)
    index.save(tmp_path / "index.keras")
    loaded = sl.load_model(tmp_path / "index.keras")
    assert loaded.snapshot().engine.label() == report.chosen


@pytest.mark.slow
def test_no_much_smaller_search_budget_would_do(monkeypatch):
    # Compare with measuring every search budget.
    monkeypatch.setattr(approximate, "SMALL", 100)
    index = Partitioned(num_partitions=48).index(VECTORS)
    engine, nothing = index.snapshot().engine, RowFilter(np.zeros((50, 0), "int32"))
    exact = np.argsort(-(QUERIES @ VECTORS.T), axis=1)[:, :10].tolist()

    def share(search_budget):
        rows = np.asarray(
            engine.with_search_budget(search_budget).search(QUERIES[:, None], 10, nothing)[1]
        ).tolist()
        return sum(len(set(one) & set(two)) for one, two in zip(rows, exact, strict=True)) / 500

    shares = [share(search_budget) for search_budget in range(1, 49)]
    for aimed_at in (5, 17):
        wanted = shares[aimed_at - 1]
        least = 1 + next(place for place, one in enumerate(shares) if one >= wanted)
        report = index.tune(QUERIES, recall=wanted)
        assert least <= report.search_budget <= least * 9 / 8 + 1
