"""Which metrics the retrieval task updates, when, and with what."""

import keras
import numpy as np
import pytest
from tests.oracles.softmax import in_batch_softmax
from tests.oracles.worlds import batch_world

from shortlist.layers import StreamingFrequency
from shortlist.losses import InBatchSoftmax, OnLogits
from shortlist.metrics import FactorizedTopK
from shortlist.tasks import Retrieval

QUERIES = np.float32([[1, 0], [0, 1], [1, 1]])
CATALOG = np.float32([[2, 0], [0, 2], [1, 1], [3, 3]])


def over_catalog() -> FactorizedTopK:
    metric = FactorizedTopK([(np.arange(4), CATALOG)], ks=(1, 2), metrics=("recall",))
    metric.refresh()
    return metric


def values(metric: FactorizedTopK) -> list[float]:
    return [float(value) for value in metric.result().values()]


@pytest.mark.contract
def test_catalog_metrics_see_all_candidates_and_the_first_ids() -> None:
    """Each query's own candidate is second to candidate 3; the ids beyond the batch are negatives' ids."""
    metric = over_catalog()
    candidates = CATALOG[[0, 1, 3, 2]]
    Retrieval(metrics=metric)(QUERIES, candidates, candidate_ids=np.int32([0, 1, 3, 2]))
    assert values(metric) == pytest.approx([1 / 3, 1.0])


@pytest.mark.contract
def test_catalog_metrics_take_exclusions_and_weights() -> None:
    metric = over_catalog()
    Retrieval(metrics=[metric])(
        QUERIES,
        CATALOG[:3],
        candidate_ids=np.int32([0, 1, 2]),
        excluded_ids=np.int32([[3, -1], [-1, -1], [3, 0]]),
        sample_weight=np.float32([3, 1, 0]),
    )
    assert values(metric) == pytest.approx([3 / 4, 1.0])


@pytest.mark.contract
def test_catalog_metrics_rest_while_training() -> None:
    metric = over_catalog()
    task = Retrieval(metrics=metric)
    task(QUERIES, CATALOG[:3], training=True)
    assert values(metric) == [0, 0]
    task(QUERIES, CATALOG[:3], training=True, compute_metrics=True)
    assert values(metric) != [0, 0]
    metric.reset_state()
    task(QUERIES, CATALOG[:3], compute_metrics=False)
    assert values(metric) == [0, 0]


@pytest.mark.contract
def test_batch_metrics_see_labels_logits_and_weights() -> None:
    metric = keras.metrics.CategoricalAccuracy()
    task = Retrieval(batch_metrics=metric)
    right, weight = 0.0, 0.0
    for seed in range(3):
        world = batch_world(seed)
        oracle = in_batch_softmax(world.queries, world.candidates, sample_weight=world.sample_weight)
        hits = oracle["logits"].argmax(axis=1) == np.arange(len(world.queries))
        right, weight = right + hits @ world.sample_weight, weight + world.sample_weight.sum()
        task(world.queries, world.candidates, sample_weight=world.sample_weight, training=True)
        task(world.queries, world.candidates, compute_batch_metrics=False)
    assert float(metric.result()) == pytest.approx(right / weight)


@pytest.mark.contract
def test_batch_metrics_find_the_positive_among_hard_negatives() -> None:
    metric = keras.metrics.CategoricalAccuracy()
    task = Retrieval(InBatchSoftmax(num_hard_negatives=1), batch_metrics=metric)
    task(QUERIES, np.float32([[1, 0], [0, 1], [-1, -1]]))  # the third is nearer to the others
    assert float(metric.result()) == pytest.approx(2 / 3)


@pytest.mark.contract
def test_loss_metrics_see_the_loss() -> None:
    mean = keras.metrics.Mean()
    task = Retrieval(loss_metrics=[mean])
    losses = [float(task(QUERIES * scale, QUERIES)) for scale in (1, 2)]
    assert float(mean.result()) == pytest.approx(np.mean(losses), rel=1e-6)


@pytest.mark.contract
def test_a_config_makes_the_same_task() -> None:
    loss = OnLogits(
        keras.losses.CategoricalCrossentropy(from_logits=True, name="named"),
        temperature=0.5,
        num_hard_negatives=2,
        remove_accidental_hits=False,
        remove_false_negatives=False,
    )
    task = Retrieval(
        loss,
        metrics=FactorizedTopK(ks=(3,), name="over_all"),
        batch_metrics=keras.metrics.CategoricalAccuracy(name="accuracy"),
        loss_metrics=keras.metrics.Mean(name="mean"),
        log_q=StreamingFrequency(num_rows=4),
        name="task",
    )
    again = Retrieval.from_config(task.get_config())
    assert again.get_config() == task.get_config()
    arguments = {"candidate_ids": np.int32([0, 0, 1]), "compute_metrics": False, "training": True}
    losses = [float(one(QUERIES, CATALOG[:3], **arguments)) for one in (task, again)]
    assert losses[0] == losses[1]
    for loss in (
        InBatchSoftmax(label_smoothing=0.2, reduction="sum", num_hard_negatives=1),
        InBatchSoftmax(),
    ):
        assert Retrieval.from_config(Retrieval(loss).get_config()).loss == loss
