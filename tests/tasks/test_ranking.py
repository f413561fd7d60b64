"""The ranking task next to sums over the rows, for each way labels and predictions may be shaped."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.tasks import Ranking

LABELS, PREDICTIONS = np.float32([0, 5, 1]), np.float32([2, 2, 1])
SHAPES = [((3,), (3,)), ((3, 1), (3,)), ((3,), (3, 1)), ((3, 1), (3, 1))]


@pytest.mark.contract
@pytest.mark.parametrize(("of_labels", "of_predictions"), SHAPES)
def test_squared_error(of_labels: tuple[int, ...], of_predictions: tuple[int, ...]) -> None:
    loss = Ranking("MeanSquaredError")(LABELS.reshape(of_labels), PREDICTIONS.reshape(of_predictions))
    assert float(loss) == pytest.approx((4 + 9 + 0) / 3)


@pytest.mark.contract
@pytest.mark.parametrize(("of_labels", "of_predictions"), SHAPES)
def test_weights(of_labels: tuple[int, ...], of_predictions: tuple[int, ...]) -> None:
    """As Keras defines it, `sum(w l) / number of rows`; the metrics divide by the sum of weights."""
    metric = keras.metrics.MeanSquaredError()
    task = Ranking(keras.losses.MeanSquaredError(reduction="sum"), metrics=metric)
    weights = np.float32([0, 2, 1])
    loss = task(LABELS.reshape(of_labels), PREDICTIONS.reshape(of_predictions), sample_weight=weights)
    assert float(loss) == pytest.approx(0 * 4 + 2 * 9 + 1 * 0)
    assert float(metric.result()) == pytest.approx((2 * 9 + 0) / 3)


@pytest.mark.contract
def test_cross_entropy_of_a_probability_is_the_default() -> None:
    labels, predictions = np.float32([1, 0]), np.float32([0.8, 0.4])
    expected = -(np.log(0.8) + np.log(0.6)) / 2
    assert float(Ranking()(labels, predictions)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.contract
def test_four_groups_of_metrics() -> None:
    names = ("metrics", "prediction_metrics", "label_metrics", "loss_metrics")
    kinds = (keras.metrics.RootMeanSquaredError, keras.metrics.Mean, keras.metrics.Mean, keras.metrics.Mean)
    groups = {name: kind(name=name) for name, kind in zip(names, kinds, strict=True)}
    task = Ranking("MeanSquaredError", **groups)
    task(LABELS, PREDICTIONS)
    task(LABELS[:1], LABELS[:1], compute_metrics=False)  # seen by none of them
    expected = {
        "metrics": (13 / 3) ** 0.5,
        "prediction_metrics": 5 / 3,
        "label_metrics": 2,
        "loss_metrics": 13 / 3,
    }
    assert {name: float(metric.result()) for name, metric in groups.items()} == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.contract
def test_a_config_makes_the_same_task() -> None:
    task = Ranking(
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.MeanSquaredError(name="mse")],
    )
    again = Ranking.from_config(task.get_config())
    assert float(again(LABELS, PREDICTIONS)) == float(task(LABELS, PREDICTIONS))
    assert [metric.name for metric in again.label_and_prediction_metrics] == ["mse"]


@pytest.mark.parametrize(("of_labels", "of_predictions"), [((3,), (3, 2)), ((3, 2), (3,)), ((3, 1, 1), (3,))])
def test_shapes_that_would_broadcast_are_refused(of_labels: Any, of_predictions: Any) -> None:
    with pytest.raises(ArgumentError, match="labels must have the shape of predictions"):
        Ranking()(np.zeros(of_labels, "float32"), np.zeros(of_predictions, "float32"))


@pytest.mark.parametrize(("of_labels", "of_predictions"), [((3, 2), (3, 1)), ((1,), (3,)), ((3, 1), (3, 2))])
def test_sizes_that_would_broadcast_are_refused(of_labels: Any, of_predictions: Any) -> None:
    with pytest.raises(ArgumentError, match="labels must have the shape of predictions"):
        Ranking("MeanSquaredError")(np.zeros(of_labels, "float32"), np.zeros(of_predictions, "float32"))


@pytest.mark.parametrize("loss", [lambda labels, predictions: 0, 3])
def test_a_loss_is_an_object_or_its_name(loss: Any) -> None:
    with pytest.raises((ArgumentError, ValueError), match="loss|identifier"):
        Ranking(loss)
