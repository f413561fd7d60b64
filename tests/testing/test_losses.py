"""test_contracts.py checks Shortlist's losses; here each broken one is reported by its clause."""

import dataclasses
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from shortlist.losses import BPR, InBatchSoftmax
from shortlist.testing import check_loss

pytestmark = pytest.mark.contract


@keras.saving.register_keras_serializable("tests.losses")
@dataclasses.dataclass(frozen=True)
class Right:
    """BPR of scores divided by a temperature; subclasses break it."""

    temperature: float = 1.0

    def __call__(self, queries: Any, candidates: Any, negatives: Any, sample_weight: Any = None) -> Any:
        return BPR()(queries / self.temperature, candidates, negatives, sample_weight)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**config)


class OnePerQuery(Right):
    def __call__(self, queries, candidates, negatives, sample_weight=None):
        return super().__call__(queries, candidates, negatives, sample_weight) * ops.ones(len(queries))


class IgnoresWeights(Right):
    def __call__(self, queries, candidates, negatives, sample_weight=None):
        return super().__call__(queries, candidates, negatives, None)


class IgnoresMask(Right):
    def __call__(self, queries, candidates, negatives, sample_weight=None):
        negatives = dataclasses.replace(negatives, mask=None)
        return InBatchSoftmax()(queries, candidates, negatives, sample_weight)


class IgnoresMaskOfDrawn(Right):
    def __call__(self, queries, candidates, negatives, sample_weight=None):
        own = negatives.per_query and dataclasses.replace(negatives.per_query, mask=None)
        negatives = dataclasses.replace(negatives, per_query=own)
        return super().__call__(queries, candidates, negatives, sample_weight)


class StopsGradient(Right):
    def __call__(self, queries, candidates, negatives, sample_weight=None):
        return super().__call__(queries, ops.stop_gradient(candidates), negatives, sample_weight)


class ReturnsHalf(Right):
    def __call__(self, queries, candidates, negatives, sample_weight=None):
        return ops.cast(super().__call__(queries, candidates, negatives, sample_weight), queries.dtype)


class OverflowsInHalf(Right):
    def __call__(self, queries, candidates, negatives, sample_weight=None):
        grown = ops.cast(queries * 1e5, "float32") / 1e5
        return super().__call__(grown, candidates, negatives, sample_weight)


@dataclasses.dataclass(frozen=True)
class LosesItsTemperature(Right):
    temperature: float = 0.5

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(temperature=1.0)


def local_class() -> Any:
    class OfAFunction(Right):
        pass

    return OfAFunction


def nothing_is_refused() -> None:
    return None


def bare_code() -> None:
    raise ValueError("E42")


@pytest.mark.parametrize(
    ("make", "refusals", "name"),
    [
        (OnePerQuery, [], "scalar"),
        (IgnoresWeights, [], "weights"),
        (IgnoresMask, [], "mask"),
        (IgnoresMaskOfDrawn, [], "mask"),
        (StopsGradient, [], "gradient"),
        (ReturnsHalf, [], "precision"),
        (OverflowsInHalf, [], "precision"),
        (LosesItsTemperature, [], "config"),
        (local_class(), [], "saved"),
        (Right, [nothing_is_refused], "refusals"),
        (Right, [bare_code], "refusals"),
    ],
)
def test_a_broken_loss_is_reported_by_its_clause(make: Any, refusals: list[Any], name: str) -> None:
    with pytest.raises(AssertionError, match=f"^{name}: "):
        check_loss(make(), refusals=refusals)


@pytest.mark.skipif(keras.config.backend() == "torch", reason="PyTorch runs steps as they are")
def test_a_loss_that_cannot_be_compiled_is_reported() -> None:
    class LeavesTheGraph(Right):
        def __call__(self, queries, candidates, negatives, sample_weight=None):
            return super().__call__(np.asarray(queries), candidates, negatives, sample_weight)

    with pytest.raises(AssertionError, match="^compiled: "):
        check_loss(LeavesTheGraph())
