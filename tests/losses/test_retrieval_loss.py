"""A user's own loss through the task: one class, trained, saved and loaded with its model."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

import shortlist as sl
from shortlist.losses import Negatives, Vectors

pytestmark = pytest.mark.contract


@keras.saving.register_keras_serializable(package="tests")
class Hinge:
    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin

    def __call__(self, queries: Any, candidates: Any, negatives: Negatives, sample_weight: Any = None) -> Any:
        scores = sl.ops.pairwise_scores(queries, candidates)
        gaps = self.margin + scores - ops.expand_dims(sl.ops.true_scores(queries, candidates), 1)
        return ops.mean(ops.maximum(gaps, 0.0))

    def get_config(self) -> dict[str, Any]:
        return {"margin": self.margin}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Hinge":
        return cls(**config)


def test_a_loss_of_ones_own(tmp_path: Path) -> None:
    data = {"user": ["ann", "ann", "bob", "bob"], "film": ["Up", "Heat", "Up", "Alien"]}
    train = sl.data.Interactions.from_table(data, user="user", item="film")
    model = sl.models.TwoTower.from_interactions(train, embedding_dim=4, loss=Hinge(0.5))
    model.compile(keras.optimizers.SGD(0.5))
    history = model.fit(train, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    model.save(tmp_path / "model.keras")
    loaded = sl.load_model(tmp_path / "model.keras")
    assert loaded.task.loss.margin == 0.5
    assert loaded.evaluate(train)["loss"] == pytest.approx(model.evaluate(train)["loss"], rel=1e-6)


def test_everything_is_unknown_unless_said() -> None:
    assert all(value is None for value in vars(Negatives()).values())
    assert Vectors(np.zeros((1, 2))).log_q is None
