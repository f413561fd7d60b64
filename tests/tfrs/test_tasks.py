"""TensorFlow Recommenders' tasks: its argument order, its summed loss."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import softmax

import shortlist.tfrs as tfrs
from shortlist.errors import ArgumentError

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(5)
QUERIES, CANDIDATES = GENERATOR.normal(size=(2, 6, 4)).astype("float32")


def test_retrieval_sums_over_the_batch() -> None:
    loss = tfrs.tasks.Retrieval()(QUERIES, CANDIDATES)
    expected = softmax.in_batch_softmax(QUERIES, CANDIDATES)["per_example"].sum()
    np.testing.assert_allclose(float(loss), expected, rtol=1e-5)


def test_retrieval_takes_its_arguments_in_that_order() -> None:
    weights, probability = np.float32([1, 2, 0, 1, 1, 3]), np.float32([0.1, 0.2, 0.3, 0.1, 0.1, 0.2])
    ids = np.int32([1, 2, 1, 3, 4, 4])
    task = tfrs.tasks.Retrieval(None, None, None, None, 0.5, None, True)
    loss = task(QUERIES, CANDIDATES, weights, probability, ids, True, True, np.ones((6, 6), bool))
    per_example = softmax.in_batch_softmax(
        QUERIES,
        CANDIDATES,
        temperature=0.5,
        log_probability=np.log(probability),
        candidate_ids=ids.tolist(),
        remove_accidental_hits=True,
    )["per_example"]
    np.testing.assert_allclose(float(loss), (per_example * weights).sum(), rtol=1e-5)


def test_retrieval_keeps_accidental_hits_unless_told() -> None:
    loss = tfrs.tasks.Retrieval()(QUERIES, CANDIDATES, candidate_ids=np.int32([1, 1, 1, 2, 2, 2]))
    expected = softmax.in_batch_softmax(QUERIES, CANDIDATES)["per_example"].sum()
    np.testing.assert_allclose(float(loss), expected, rtol=1e-5)


def test_removing_accidental_hits_requires_ids() -> None:
    task = tfrs.tasks.Retrieval(remove_accidental_hits=True)
    with pytest.raises(ArgumentError, match=r"candidate_ids must be given to remove accidental hits\. Pass"):
        task(QUERIES, CANDIDATES)


def test_factorized_metrics_may_be_set_to_one_metric() -> None:
    task, metric = tfrs.tasks.Retrieval(), tfrs.metrics.FactorizedTopK([CANDIDATES])
    task.factorized_metrics = metric
    assert task.factorized_metrics == [metric]


def test_compute_metrics_false_leaves_the_catalog_metrics_alone() -> None:
    metric = tfrs.metrics.FactorizedTopK([CANDIDATES], ks=(1,))
    metric.refresh()
    task = tfrs.tasks.Retrieval(metrics=metric)
    task(QUERIES, CANDIDATES, compute_metrics=False)
    assert not metric.was_updated
    task(QUERIES, CANDIDATES)
    assert metric.was_updated


def test_ranking_takes_labels_first() -> None:
    task = tfrs.tasks.Ranking(keras.losses.MeanSquaredError(), [keras.metrics.MeanAbsoluteError(name="mae")])
    loss = task(np.float32([[1], [5]]), np.float32([[2], [2]]), np.float32([3, 1]))
    assert float(loss) == pytest.approx((3 * 1 + 1 * 9) / 2)  # Keras divides by the number of rows
    assert float(task.wrapped.label_and_prediction_metrics[0].result()) == pytest.approx((3 * 1 + 1 * 3) / 4)


class Rater(tfrs.Model):
    def __init__(self) -> None:
        super().__init__()
        self.dense = keras.layers.Dense(1, kernel_initializer="ones")
        self.task = tfrs.tasks.Ranking(keras.losses.MeanSquaredError(), keras.metrics.MeanAbsoluteError())

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        features, labels = inputs
        return self.task(labels, self.dense(features))


def test_evaluate_lists_each_metric_once() -> None:
    model = Rater()
    model.compile(optimizer="sgd")
    values = model.evaluate(np.float32([[1, 1], [2, 0]]), np.float32([[0], [5]]), verbose=0)
    assert values == pytest.approx([(4 + 9) / 2, (2 + 3) / 2])


@pytest.mark.parametrize(
    "task",
    [
        tfrs.tasks.Retrieval(temperature=0.2, num_hard_negatives=3, remove_accidental_hits=True, name="a"),
        tfrs.tasks.Ranking(keras.losses.MeanSquaredError(), [keras.metrics.MeanAbsoluteError()], name="b"),
    ],
    ids=["Retrieval", "Ranking"],
)
def test_config_round_trip(task: keras.layers.Layer) -> None:
    again = type(task).from_config(task.get_config())
    assert again.get_config() == task.get_config()
