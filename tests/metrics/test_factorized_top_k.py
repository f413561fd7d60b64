"""The metric over the whole catalog next to the ranking oracle, which tries every order of the tied."""

from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.metrics.evaluated import NUM_CANDIDATES, Evaluated, evaluated, metric_over, named, oracle, results
from tests.oracles.ranking import mean_metrics, ranking_metrics
from tests.oracles.worlds import BATCH_SIZE, NUM_QUERIES, ranking_world, slices

from shortlist.metrics import FactorizedTopK

Array = NDArray[Any]
BACKEND = keras.config.backend()
TEXT = pytest.mark.skipif(BACKEND != "tensorflow", reason="tensors of this backend hold no text")


def assert_by_id(one: Evaluated, *, excluded: bool, weights: Array | None = None) -> None:
    metric = metric_over([(one.ids, one.candidates)], one.world.ks)
    metric.update_state(
        one.queries,
        true_candidate_ids=one.true_ids,
        excluded_ids=one.excluded_ids if excluded else None,
        sample_weight=weights,
    )
    assert results(metric) == pytest.approx(oracle(one.world, excluded=excluded, weights=weights), abs=1e-6)


@pytest.mark.contract
@pytest.mark.parametrize("excluded", [False, True], ids=["", "excluded"])
def test_by_id(excluded: bool) -> None:
    for seed in range(12):
        assert_by_id(evaluated(seed), excluded=excluded)


@TEXT
@pytest.mark.parametrize("kind", ["str", "bytes"])
def test_by_text_id(kind: str) -> None:
    for seed in range(5):
        assert_by_id(evaluated(seed, kind), excluded=True)


@pytest.mark.skipif(BACKEND == "jax", reason="JAX arrays hold 32 bits")
def test_ids_beyond_32_bits() -> None:
    ids = np.array([7, 2**32 + 7, 2**53, 2**53 + 1, -5])
    metric = metric_over([(ids, np.eye(5, dtype="float32"))], (1,))
    metric.update_state(
        np.eye(5, dtype="float32"), true_candidate_ids=keras.ops.convert_to_tensor(ids, "int64")
    )
    assert results(metric)["recall_at_1"] == 1


@pytest.mark.contract
def test_ids_in_a_plain_list() -> None:
    vectors = np.eye(2, dtype="float32")
    metric = metric_over([([40, 7], vectors)], (1,))
    metric.update_state(vectors, true_candidate_ids=np.int32([40, 7]))
    assert results(metric)["recall_at_1"] == 1


@pytest.mark.contract
def test_weights() -> None:
    for seed in range(5):
        one = evaluated(seed)
        assert_by_id(one, excluded=True, weights=one.world.weights)


@pytest.mark.contract
def test_by_score() -> None:
    """One true candidate a query, known by its vector alone."""
    for seed in range(10):
        scores = ranking_world(seed, num_candidates=NUM_CANDIDATES).scores
        rows = np.random.default_rng(seed).integers(0, NUM_CANDIDATES, NUM_QUERIES)
        candidates = np.eye(NUM_CANDIDATES, dtype="float32")
        metric = metric_over([candidates], (1, 2, NUM_CANDIDATES, NUM_CANDIDATES + 3))
        metric.update_state(scores.astype("float32"), candidates[rows])
        expected = {}
        for k in metric.ks:
            evaluated_rows = [ranking_metrics(line, [row], k) for line, row in zip(scores, rows, strict=True)]
            expected |= named(mean_metrics(evaluated_rows), k)
        assert results(metric) == pytest.approx(expected, abs=1e-6)


@pytest.mark.contract
def test_by_score_in_floating_point_finds_what_the_ids_find() -> None:
    generator = np.random.default_rng(0)
    candidates = generator.normal(size=(200, 32)).astype("float32")
    queries, rows = generator.normal(size=(50, 32)).astype("float32"), generator.integers(0, 200, 50)
    queries += candidates[rows] / 4
    expected = [
        ranking_metrics(line, [row], 10) for line, row in zip(queries @ candidates.T, rows, strict=True)
    ]
    metric = metric_over([candidates], (10,))
    metric.update_state(queries, candidates[rows])
    assert results(metric) == pytest.approx(named(mean_metrics(expected), 10), abs=1e-5)


@pytest.mark.contract
def test_queries_of_several_vectors_score_by_the_best() -> None:
    generator = np.random.default_rng(1)
    queries, candidates = generator.normal(size=(7, 2, 3)), generator.normal(size=(5, 3))
    scores = np.einsum("bhd,nd->bhn", queries, candidates).max(axis=1)
    expected = named(
        mean_metrics([ranking_metrics(line, [row % 5], 2) for row, line in enumerate(scores)]), 2
    )
    by_id, by_score = metric_over([(np.arange(5), candidates)], (2,)), metric_over([candidates], (2,))
    true = np.arange(7, dtype="int32") % 5
    by_id.update_state(queries.astype("float32"), true_candidate_ids=true)
    by_score.update_state(queries.astype("float32"), candidates[true].astype("float32"))
    assert results(by_id) == pytest.approx(expected, abs=1e-6)
    assert results(by_score) == pytest.approx(expected, abs=1e-6)


@pytest.mark.contract
@pytest.mark.parametrize("by_id", [True, False], ids=["by_id", "by_score"])
def test_constant_scores_are_worth_chance(by_id: bool) -> None:
    candidates = np.ones((8, 3), "float32")
    metric = metric_over([(np.arange(8), candidates)] if by_id else [candidates], (1, 4, 8, 20))
    metric.update_state(
        np.ones((3, 3), "float32"), candidates[:3], true_candidate_ids=np.int32([0, 3, 7]) if by_id else None
    )
    chances = {"recall_at_1": 1 / 8, "recall_at_4": 0.5, "recall_at_8": 1.0, "recall_at_20": 1.0}
    assert {name: results(metric)[name] for name in chances} == pytest.approx(chances, abs=1e-6)


@pytest.mark.contract
def test_batches_of_any_size_give_the_same_mean() -> None:
    one = evaluated(11)
    metric = metric_over([(one.ids, one.candidates)], one.world.ks)
    for part in slices(NUM_QUERIES, BATCH_SIZE):
        metric.update_state(
            one.queries[part],
            true_candidate_ids=one.true_ids[part],
            excluded_ids=one.excluded_ids[part],
            sample_weight=one.world.weights[part],
        )
    expected = oracle(one.world, excluded=True, weights=one.world.weights)
    assert results(metric) == pytest.approx(expected, abs=1e-6)
    metric.reset_state()
    assert set(results(metric).values()) == {0.0}


@pytest.mark.contract
def test_the_order_of_the_candidates_changes_nothing() -> None:
    one = evaluated(12)
    order = np.random.default_rng(0).permutation(NUM_CANDIDATES)
    shuffled = [(one.ids[order], one.candidates[order])]
    metric = metric_over(shuffled, one.world.ks)
    metric.update_state(one.queries, true_candidate_ids=one.true_ids, excluded_ids=one.excluded_ids)
    assert results(metric) == pytest.approx(oracle(one.world, excluded=True), abs=1e-6)


@pytest.mark.contract
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision(dtype: str) -> None:
    """Small whole numbers are exact in any of these types, so nothing may change."""
    one = evaluated(14)
    candidates = keras.ops.cast(one.candidates, dtype)
    metric = metric_over([(one.ids, candidates)], one.world.ks)
    metric.update_state(keras.ops.cast(one.queries, dtype), true_candidate_ids=one.true_ids)
    assert results(metric) == pytest.approx(oracle(one.world, excluded=False), abs=1e-6)


@pytest.mark.contract
def test_names() -> None:
    metric = FactorizedTopK(
        [np.eye(2, dtype="float32")], ks=(1,), metrics=("map",), name_format="top{k}/{metric}"
    )
    assert list(metric.result()) == ["top1/map"]


def test_by_score_a_true_candidate_that_the_catalog_lacks_is_its_own_group() -> None:
    metric = FactorizedTopK([np.float32([[1, 0], [3, 0]])], ks=(1, 2), metrics=("recall", "ndcg"))
    metric.refresh()
    metric.update_state(np.float32([[1, 0]]), np.float32([[2, 0]]))
    values = {name: float(value) for name, value in metric.result().items()}
    assert values == pytest.approx(
        {"recall_at_1": 0, "recall_at_2": 1, "ndcg_at_1": 0, "ndcg_at_2": 1 / np.log2(3)}
    )


def test_by_score_a_query_of_zeros_ties_with_all() -> None:
    """Where the margin itself is 0."""
    candidates = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    metric = FactorizedTopK([candidates], ks=(1,), metrics=("recall",))
    metric.refresh()
    metric.update_state(np.zeros((1, 3), "float32"), candidates[:1])
    assert float(metric.result()["recall_at_1"]) == pytest.approx(1 / 4)


def test_two_true_candidates_that_the_catalog_lacks_are_two() -> None:
    metric = FactorizedTopK([(np.int32([0, 1]), np.eye(2, dtype="float32"))], ks=(1,), metrics=("recall",))
    metric.refresh()
    metric.update_state(np.float32([[1, 0]]), true_candidate_ids=np.int32([[0, 77, 78, -1]]))
    assert float(metric.result()["recall_at_1"]) == pytest.approx(1 / 3)


def test_one_that_the_catalog_lacks_and_is_named_twice_counts_once() -> None:
    metric = FactorizedTopK([(np.int32([0, 1]), np.eye(2, dtype="float32"))], ks=(1,), metrics=("recall",))
    metric.refresh()
    metric.update_state(np.float32([[1, 0]]), true_candidate_ids=np.int32([[0, 77, 77]]))
    assert float(metric.result()["recall_at_1"]) == pytest.approx(1 / 2)


@pytest.mark.contract
@pytest.mark.parametrize(
    "true_ids", [[7, -1], [[7], [-1]], [[7, -1], [-1, -1]]], ids=["[2]", "[2, 1]", "[2, 2]"]
)
def test_a_query_without_a_true_candidate_does_not_count(true_ids: list[Any]) -> None:
    metric = FactorizedTopK([(np.int32([7, 9]), np.eye(2, dtype="float32"))], ks=(1,), metrics=("recall",))
    metric.refresh()
    metric.update_state(np.eye(2, dtype="float32"), true_candidate_ids=np.int32(true_ids))
    assert float(metric.result()["recall_at_1"]) == 1


@TEXT
def test_an_empty_text_id_is_no_true_candidate() -> None:
    metric = FactorizedTopK([(["a", "b"], np.eye(2, dtype="float32"))], ks=(1,), metrics=("recall",))
    metric.refresh()
    metric.update_state(np.eye(2, dtype="float32"), true_candidate_ids=np.array([["a"], [""]], object))
    assert float(metric.result()["recall_at_1"]) == 1
