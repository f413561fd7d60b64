"""test_contracts.py checks Shortlist's tasks; here each broken one is reported by its clause."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from shortlist.tasks import Task
from shortlist.testing import check_task

pytestmark = pytest.mark.contract
RATINGS = {"labels": np.float32([[1], [2], [3]]), "predictions": np.float32([[2], [2], [5]])}


@keras.saving.register_keras_serializable("tests.tasks")
class Right(Task):
    """The mean squared error; subclasses break it."""

    def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        self.mean = keras.metrics.Mean(name="mean")

    def losses_of(self, labels: Any, predictions: Any) -> Any:
        squared = ops.square(ops.cast(labels, "float32") - ops.cast(predictions, "float32"))
        return ops.mean(squared, axis=1) * self.factor

    def call(self, labels: Any, predictions: Any, sample_weight: Any = None) -> Any:
        losses = self.losses_of(labels, predictions)
        self.mean.update_state(ops.mean(losses))
        return ops.mean(losses if sample_weight is None else losses * ops.cast(sample_weight, "float32"))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


class OnePerRow(Right):
    def call(self, labels, predictions, sample_weight=None):
        return self.losses_of(labels, predictions)


class IgnoresWeights(Right):
    def call(self, labels, predictions, sample_weight=None):
        return super().call(labels, predictions)


class NeverResets(keras.metrics.Sum):
    def reset_state(self):
        pass


class MetricNeverResets(Right):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mean = NeverResets(name="mean")


class OverflowsInHalf(Right):
    def call(self, labels, predictions, sample_weight=None):
        return super().call(labels * 1e5 / 1e5, predictions * 1e5 / 1e5, sample_weight)


class LosesItsFactor(Right):
    def __init__(self, factor=0.5, **kwargs):
        super().__init__(factor, **kwargs)

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "factor": 1.0})


@keras.saving.register_keras_serializable("tests")
class GradientIsNotFinite(Right):
    def losses_of(self, labels, predictions):
        # The square root has no finite derivative at 0, where a prediction is 2.
        roots = ops.sqrt(ops.abs(ops.cast(predictions, "float32") - 2.0))
        return super().losses_of(labels, predictions) + ops.mean(roots, axis=1)


def local_class() -> Any:
    class OfAFunction(Right):
        pass

    return OfAFunction


@pytest.mark.parametrize(
    ("make", "refusals", "name"),
    [
        (OnePerRow, [], "scalar"),
        (IgnoresWeights, [], "weights"),
        (MetricNeverResets, [], "metrics"),
        (OverflowsInHalf, [], "precision"),
        (LosesItsFactor, [], "config"),
        (GradientIsNotFinite, [], "trains"),
        (local_class(), [], "saved"),
        (Right, [lambda: None], "refusals"),
    ],
)
def test_a_broken_task_is_reported_by_its_clause(make: Any, refusals: list[Any], name: str) -> None:
    with pytest.raises(AssertionError, match=f"^{name}: "):
        check_task(make, RATINGS, refusals=refusals)


@pytest.mark.skipif(keras.config.backend() == "torch", reason="PyTorch runs steps as they are")
def test_a_task_that_cannot_be_compiled_is_reported() -> None:
    class LeavesTheGraph(Right):
        def call(self, labels, predictions, sample_weight=None):
            return super().call(np.asarray(labels), predictions, sample_weight)

    with pytest.raises(AssertionError, match="^compiled: "):
        check_task(LeavesTheGraph, RATINGS)
