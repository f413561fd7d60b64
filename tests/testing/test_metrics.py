"""test_contracts.py checks Shortlist's metrics; here each broken one is reported by its clause."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from shortlist.testing import check_metric

pytestmark = pytest.mark.contract
VALUES = {"values": np.float32([1, 3, 8])}


@keras.saving.register_keras_serializable("tests.metrics")
class Right(keras.metrics.Mean):
    """The mean; subclasses break it."""

    def __init__(self, name: str = "mean", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)


class NaNBeforeUpdates(Right):
    def result(self):
        return self.total / self.count


class KeepsTheLastBatch(Right):
    def update_state(self, values, sample_weight=None):
        self.reset_state()
        super().update_state(values, sample_weight)


class IgnoresWeights(Right):
    def update_state(self, values, sample_weight=None):
        super().update_state(values)


class Remembers(Right):
    """Keep half of the total at a reset."""

    def reset_state(self):
        self.total.assign(self.total / 2)
        self.count.assign(0.0)


class LosesItsFactor(Right):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "factor": 1.0})


def local_class() -> Any:
    class OfAFunction(Right):
        pass

    return OfAFunction


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(
    ("make", "refusals", "name"),
    [
        (NaNBeforeUpdates, [], "finite"),
        (KeepsTheLastBatch, [], "batches"),
        (IgnoresWeights, [], "weights"),
        (LosesItsFactor, [], "config"),
        (local_class(), [], "saved"),
        (Right, [lambda: None], "refusals"),
    ],
)
def test_a_broken_metric_is_reported_by_its_clause(make: Any, refusals: list[Any], name: str) -> None:
    with pytest.raises(AssertionError, match=f"^{name}: "):
        check_metric(make, VALUES, refusals=refusals)


def test_a_metric_that_remembers_is_reported() -> None:
    with pytest.raises(AssertionError, match="^reset: "):
        check_metric(Remembers, VALUES)


@pytest.mark.skipif(keras.config.backend() == "torch", reason="PyTorch runs steps as they are")
def test_a_metric_that_cannot_be_compiled_is_reported() -> None:
    class LeavesTheGraph(Right):
        def update_state(self, values, sample_weight=None):
            super().update_state(ops.convert_to_tensor(np.asarray(values)), sample_weight)

    with pytest.raises(AssertionError, match="^compiled: "):
        check_metric(LeavesTheGraph, VALUES)
