"""What tasks share: lists of metrics, and metrics that count towards a model's."""

import keras
import numpy as np
import pytest

from shortlist.tasks import Ranking, Retrieval
from shortlist.tasks._task import Task, as_list, saved_list


@pytest.mark.contract
def test_none_one_or_several() -> None:
    mean = keras.metrics.Mean()
    assert as_list(None) == []
    assert as_list(mean) == [mean]
    assert as_list((mean, mean)) == [mean, mean]


@pytest.mark.contract
def test_saved_lists_are_loaded_again() -> None:
    saved = saved_list([keras.metrics.Mean(name="one"), keras.losses.Huber(name="two")])
    assert [keras.saving.deserialize_keras_object(one).name for one in saved] == ["one", "two"]


@pytest.mark.contract
@pytest.mark.parametrize("kind", [Ranking, Retrieval])
def test_metrics_of_a_task_are_metrics_of_the_model_that_holds_it(kind: type[Task]) -> None:
    class Holder(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.task = kind(loss_metrics=keras.metrics.Mean(name="mean_loss"))

    model = Holder()
    model.task(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"))
    (metric,) = [metric for metric in model.metrics if metric.name == "mean_loss"]
    assert float(metric.result()) > 0
    model.reset_metrics()
    assert float(metric.result()) == 0
