"""Where the metric's candidates may come from, when they are encoded, and that they are saved with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.metrics.evaluated import Evaluated, evaluated, metric_over, oracle, results

from shortlist.errors import ArgumentError
from shortlist.indexes import BruteForce, Streaming
from shortlist.metrics import FactorizedTopK

Array = NDArray[Any]
TEXT = pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="needs tf.data")


@pytest.mark.contract
def test_duplicate_candidate_ids_are_refused() -> None:
    with pytest.raises(ArgumentError, match="distinct"):
        metric_over([(np.array([1, 2, 1]), np.eye(3, dtype="float32"))], (1,))


def batched(one: Evaluated) -> list[Any]:
    return [(one.ids[part], one.candidates[part]) for part in (slice(0, 3), slice(3, 5))]


def as_dataset(one: Evaluated) -> Any:
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
def test_candidates_from(source: Callable[[Evaluated], Any]) -> None:
    one = evaluated(13)
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
@pytest.mark.parametrize("with_ids", [True, False])
def test_candidates_are_saved(with_ids: bool, tmp_path: Path) -> None:
    one = evaluated(15)
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
