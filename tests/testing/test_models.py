"""Correct models keep their contract; each broken one is reported by the clause it breaks."""

import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from shortlist.features import Category, FeatureEncoder, Number
from shortlist.models import Model, TabularModel
from shortlist.tasks import Ranking
from shortlist.testing import check_model

pytestmark = pytest.mark.contract
DATA = {"x": np.float32([[1, 2], [3, 4], [0, 1]])}
TABLE = {"user": ["ann", "bob", "ann"], "film": ["Up", "Up", "Heat"], "stars": [4.0, 2.0, 5.0]}
register = keras.saving.register_keras_serializable("tests.models")


@register
class Right(Model):
    """A linear model; subclasses break it."""

    def __init__(self, goal: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.goal = goal
        self.dense = keras.layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs["x"])

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        return ops.mean(ops.square(ops.cast(self(inputs), "float32") - self.goal))

    def get_config(self) -> dict[str, Any]:
        return {"goal": self.goal}


@register
class Ratings(TabularModel):
    """Ratings from the embeddings of users and films."""

    def __init__(self, columns: Any, **kwargs: Any) -> None:
        super().__init__(columns, **kwargs)
        self.encoder = FeatureEncoder(columns[:2], embedding_dim=4)
        self.dropout = keras.layers.Dropout(0.5)
        self.head = keras.layers.Dense(1)
        self.task = Ranking("MeanSquaredError")

    def call(self, inputs: Any) -> Any:
        vectors = self.encoder({name: inputs[name] for name in ("user", "film")})
        return self.head(self.dropout(vectors))

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        return self.task(inputs["stars"], self(inputs))


@register
class LossIsNotFinite(Right):
    def compute_loss(self, inputs, training=False):
        return super().compute_loss(inputs, training) / ops.zeros(())


@register
class CountsInEvaluation(Right):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def compute_loss(self, inputs, training=False):
        if not training:
            self.count.assign_add(1.0)
        return super().compute_loss(inputs, training)


@register
class DropsInEvaluation(Right):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = keras.layers.Dropout(0.5)

    def compute_loss(self, inputs, training=False):
        return super().compute_loss({"x": self.dropout(inputs["x"], training=True)}, training)


@register
class StopsGradient(Right):
    def compute_loss(self, inputs, training=False):
        return ops.stop_gradient(super().compute_loss(inputs, training))


@register
class GradientIsNotFinite(Right):
    def compute_loss(self, inputs, training=False):
        # The square root has no finite derivative at 0.
        return ops.sqrt(super().compute_loss(inputs, training) * 0.0)


class StartsAnywhere(Right):
    def __init__(self, **kwargs):
        super().__init__(goal=float(np.random.default_rng().normal()), **kwargs)


class OverflowsInHalf(Right):
    def compute_loss(self, inputs, training=False):
        return ops.mean(ops.square(self.dense(inputs["x"]) * 1e4)) * 1e-8


class OverflowsInTrainingInBfloat16(Right):
    def compute_loss(self, inputs, training=False):
        loss = super().compute_loss(inputs, training)
        is_half = self.dense.compute_dtype == "bfloat16"
        return loss + np.inf * ops.stop_gradient(loss) if training and is_half else loss


class KeepsHalfWeights(Right):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        dtype = self.dense.compute_dtype
        self.shift = self.add_weight(shape=(), initializer="zeros", dtype=dtype, name="shift")

    def call(self, inputs):
        return super().call(inputs) + ops.convert_to_tensor(self.shift)


@register
class LosesItsGoal(Right):
    def __init__(self, goal=3.0, **kwargs):
        super().__init__(goal, **kwargs)

    @classmethod
    def from_config(cls, config):
        return cls(goal=1.0)


@register
class KeepsWeightsInAnAttribute(Right):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.factor = random.random()

    def call(self, inputs):
        return super().call(inputs) * self.factor


@register
class ForgetsItsOptimizer(Right):
    def compile_from_config(self, config):
        super().compile_from_config(config)
        self.optimizer.load_own_variables = lambda store: None


def compiled(of: Any) -> Callable[[], Model]:
    def make() -> Model:
        model = of()
        model.compile(optimizer=keras.optimizers.SGD(0.01, momentum=0.9))
        return model

    return make


def test_a_correct_model_passes() -> None:
    check_model(compiled(Right), DATA, refusals=[lambda: compiled(Right)().compile(loss="mse")])


def test_a_correct_model_of_tables_passes() -> None:
    kinds = {"user": Category, "film": Category, "stars": Number}
    columns = [kind(name).fit(TABLE[name]) for name, kind in kinds.items()]
    check_model(compiled(lambda: Ratings(columns)), TABLE)


@pytest.mark.filterwarnings("ignore:Gradients do not exist", "ignore:divide by zero", "ignore:overflow")
@pytest.mark.parametrize(
    ("of", "refusals", "clause"),
    [
        (LossIsNotFinite, [], "evaluate"),
        (CountsInEvaluation, [], "evaluate"),
        (DropsInEvaluation, [], "evaluate"),
        (StopsGradient, [], "trains"),
        (GradientIsNotFinite, [], "trains"),
        (StartsAnywhere, [], "seeds"),
        (OverflowsInHalf, [], "precision"),
        (OverflowsInTrainingInBfloat16, [], "precision"),
        (KeepsHalfWeights, [], "precision"),
        (LosesItsGoal, [], "config"),
        (KeepsWeightsInAnAttribute, [], "saved"),
        (ForgetsItsOptimizer, [], "resumed"),
        (Right, [lambda: None], "refusals"),
    ],
)
def test_a_broken_model_is_reported_by_its_clause(of: Any, refusals: list[Any], clause: str) -> None:
    with pytest.raises(AssertionError, match=f"^{clause}: "):
        check_model(compiled(of), DATA, refusals=refusals)
