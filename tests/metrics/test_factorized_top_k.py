"""The metric over the whole catalogue beside the ranking oracle, which tries every order of the tied."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.oracles.ranking import Metrics, mean_metrics, ranking_metrics
from tests.oracles.worlds import BATCH_SIZE, NUM_QUERIES, RankingWorld, ranking_world, slices

from shortlist.errors import ArgumentError
from shortlist.indexes import BruteForce, Streaming
from shortlist.metrics import FactorizedTopK

Array = NDArray[Any]
BACKEND = keras.config.backend()
TEXT = pytest.mark.skipif(BACKEND != "tensorflow", reason="tensors of this backend hold no text")
MEASURES = ("recall", "precision", "hit_rate", "mrr", "ndcg", "map")
NUM_CANDIDATES = 5
UNKNOWN = {"int": 10**6, "str": "nowhere", "bytes": b"nowhere"}
PADDING = {"int": -1, "str": "", "bytes": b""}


@dataclass(frozen=True)
class Judged:
    """A ranking world as vectors and ids: candidate j is the j-th axis, so query i is its row of scores."""

    world: RankingWorld
    ids: Array
    true_ids: Array
    excluded_ids: Array

    @property
    def queries(self) -> Array:
        return self.world.scores.astype("float32")

    @property
    def candidates(self) -> Array:
        return np.eye(self.world.scores.shape[1], dtype="float32")


def judged(seed: int, kind: str = "int") -> Judged:
    """The world's rows as ids of one kind; -2, outside the catalogue, as an id that nobody knows."""
    world = ranking_world(seed, num_candidates=NUM_CANDIDATES)
    ids = {
        "int": [40, 7, -9, 0, 2**31 - 2],
        "str": ["7", "07", "a", "A", "é"],
        "bytes": [b"7", b"07", b"a", b"A", b"\xc3\xa9"],
    }[kind]
    name_of = dict(enumerate(ids)) | {-1: PADDING[kind], -2: UNKNOWN[kind]}
    excluded = [[*rows, -2, -2] for rows in world.excluded_rows]  # unknown ids exclude nothing
    columns = padded(world.true_rows, name_of), padded(excluded, name_of)
    return Judged(world, np.array(ids, columns[0].dtype), *columns)


def padded(lists: list[list[int]], name_of: dict[int, Any]) -> Array:
    width = max(map(len, lists))
    rows = [[name_of[row] for row in [*one, *[-1] * (width - len(one))]] for one in lists]
    return np.array(rows, "int32" if isinstance(name_of[0], int) else object)


def oracle(world: RankingWorld, *, excluded: bool, weights: Array | None = None) -> dict[str, float]:
    values = {}
    for k in world.ks:
        rows = zip(world.scores, world.true_rows, world.excluded_rows, strict=True)
        metrics = [ranking_metrics(scores, true, k, out if excluded else ()) for scores, true, out in rows]
        values |= named(mean_metrics(metrics, weights), k)
    return values


def named(metrics: Metrics | None, k: int) -> dict[str, float]:
    assert metrics is not None
    return {f"{measure}_at_{k}": value for measure, value in metrics.items()}


def metric_over(candidates: Any, ks: tuple[int, ...], **options: Any) -> FactorizedTopK:
    metric = FactorizedTopK(candidates, ks=ks, measures=MEASURES, **options)
    metric.refresh()
    return metric


def results(metric: FactorizedTopK) -> dict[str, float]:
    return {name: float(value) for name, value in metric.result().items()}


def assert_by_id(one: Judged, *, excluded: bool, weights: Array | None = None) -> None:
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
        assert_by_id(judged(seed), excluded=excluded)


@TEXT
@pytest.mark.parametrize("kind", ["str", "bytes"])
def test_by_text_id(kind: str) -> None:
    for seed in range(5):
        assert_by_id(judged(seed, kind), excluded=True)


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
        one = judged(seed)
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
            judged_rows = [ranking_metrics(line, [row], k) for line, row in zip(scores, rows, strict=True)]
            expected |= named(mean_metrics(judged_rows), k)
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
    one = judged(11)
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
    one = judged(12)
    order = np.random.default_rng(0).permutation(NUM_CANDIDATES)
    shuffled = [(one.ids[order], one.candidates[order])]
    metric = metric_over(shuffled, one.world.ks)
    metric.update_state(one.queries, true_candidate_ids=one.true_ids, excluded_ids=one.excluded_ids)
    assert results(metric) == pytest.approx(oracle(one.world, excluded=True), abs=1e-6)


@pytest.mark.contract
def test_duplicate_candidate_ids_are_refused() -> None:
    with pytest.raises(ArgumentError, match="distinct|twice"):
        metric_over([(np.array([1, 2, 1]), np.eye(3, dtype="float32"))], (1,))


def batched(one: Judged) -> list[Any]:
    return [(one.ids[part], one.candidates[part]) for part in (slice(0, 3), slice(3, 5))]


def as_dataset(one: Judged) -> Any:
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((np.int64(one.ids), one.candidates)).batch(3)


@pytest.mark.contract
@pytest.mark.parametrize(
    "source",
    [
        batched,
        lambda one: BruteForce().index(one.candidates, one.ids),
        lambda one: Streaming().index_from_dataset(batched(one)),
        pytest.param(as_dataset, marks=TEXT),
    ],
    ids=["list", "BruteForce", "Streaming", "tf.data"],
)
def test_candidates_from(source: Callable[[Judged], Any]) -> None:
    one = judged(13)
    metric = metric_over(source(one), one.world.ks)
    metric.update_state(one.queries, true_candidate_ids=one.true_ids)
    assert results(metric) == pytest.approx(oracle(one.world, excluded=False), abs=1e-6)


@pytest.mark.contract
def test_the_encoder_is_called_once_an_evaluation() -> None:
    calls = []

    def encoder(rows: Any) -> Array:
        calls.append(len(rows))
        return np.eye(5, dtype="float32")[np.asarray(rows)]

    batches = [(np.arange(3), np.arange(3)), (np.arange(3, 5), np.arange(3, 5))]
    metric = metric_over(batches, (1,), encoder=encoder)
    for query in range(4):
        metric.update_state(np.eye(5, dtype="float32")[[query]], true_candidate_ids=np.int32([query]))
    assert calls == [3, 2]
    metric.refresh()
    assert calls == [3, 2, 3, 2]


@pytest.mark.contract
def test_refresh_sees_a_tower_that_was_trained_on() -> None:
    tower = keras.layers.Embedding(3, 3)
    tower.build(())
    tower.set_weights([np.eye(3, dtype="float32")])
    rows = np.arange(3, dtype="int32")
    metric = metric_over([(rows, rows)], (1,), encoder=tower)
    metric.update_state(np.eye(3, dtype="float32"), true_candidate_ids=rows)
    assert results(metric)["recall_at_1"] == 1
    tower.set_weights([np.eye(3, dtype="float32")[[1, 2, 0]]])
    metric.reset_state()
    assert not metric.refresh()  # same shape, same ids: nothing compiled is stale
    metric.update_state(np.eye(3, dtype="float32"), true_candidate_ids=rows)
    assert results(metric)["recall_at_1"] == 0


@pytest.mark.contract
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision(dtype: str) -> None:
    """Small whole numbers are exact in any of these types, so nothing may change."""
    one = judged(14)
    candidates = keras.ops.cast(one.candidates, dtype)
    metric = metric_over([(one.ids, candidates)], one.world.ks)
    metric.update_state(keras.ops.cast(one.queries, dtype), true_candidate_ids=one.true_ids)
    assert results(metric) == pytest.approx(oracle(one.world, excluded=False), abs=1e-6)


@pytest.mark.contract
def test_names() -> None:
    metric = FactorizedTopK(
        [np.eye(2, dtype="float32")], ks=(1,), measures=("map",), name_format="top{k}/{measure}"
    )
    assert list(metric.result()) == ["top1/map"]


@pytest.mark.contract
@pytest.mark.parametrize("with_ids", [True, False])
def test_candidates_are_saved(with_ids: bool, tmp_path: Path) -> None:
    one = judged(15)
    metric = metric_over([(one.ids, one.candidates)] if with_ids else [one.candidates], one.world.ks)
    metric.save_assets(str(tmp_path))
    loaded = FactorizedTopK.from_config(metric.get_config())
    loaded.load_assets(str(tmp_path))
    assert not loaded.refresh()
    for either in (metric, loaded):
        either.update_state(
            one.queries,
            one.candidates[[0, 1, 2, 3, 4, 0, 1]],
            true_candidate_ids=one.true_ids if with_ids else None,
        )
    assert results(loaded) == results(metric)
