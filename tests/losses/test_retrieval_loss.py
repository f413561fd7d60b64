"""A user's own loss through the task: one class, trained, saved and loaded with its model."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops
from tests.support.gradients import value_and_gradients

import shortlist as sl
from shortlist.losses import BPR, InBatchSoftmax, Negatives, OnLogits, SampledSoftmax, Vectors

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


@pytest.mark.parametrize("log_q", [None, -1.0])
@pytest.mark.parametrize(
    "loss",
    [
        SampledSoftmax(),
        BPR(),
        InBatchSoftmax(label_smoothing=0.1),
        InBatchSoftmax(num_hard_negatives=2),
        OnLogits(keras.losses.CategoricalCrossentropy(from_logits=True)),
    ],
    ids=lambda loss: type(loss).__name__,
)
def test_masked_negatives_of_a_query_are_as_if_they_were_not_there(loss: Any, log_q: float | None) -> None:
    """Next to two negatives of each query stand two more, masked, one on each side."""
    generator = np.random.default_rng(0)
    queries, candidates = generator.normal(size=(2, 4, 3))
    own, others = generator.normal(size=(2, 4, 2, 3))
    mask = np.array([[False, True, True, False]] * 4)

    def value(is_padded: bool) -> Any:
        def of(queries: Any, candidates: Any, own: Any, others: Any) -> Any:
            vectors = ops.concatenate([others[:, :1], own, others[:, 1:]], axis=1) if is_padded else own
            shape = tuple(vectors.shape[:2])
            negatives = Negatives(
                log_q=None if log_q is None else np.full(4, log_q, "float32"),
                candidate_codes=np.arange(4, dtype="int32"),
                per_query=Vectors(
                    vectors,
                    None if log_q is None else np.full(shape, log_q, "float32"),
                    np.full(shape, 9, "int32"),  # of no positive
                    mask if is_padded else None,
                ),
            )
            return loss(queries, candidates, negatives) + 0.0 * ops.sum(others)

        return value_and_gradients(of, queries, candidates, own, others)

    padded, plain = value(True), value(False)
    assert padded.value == pytest.approx(plain.value, rel=1e-6)
    for found, expected in zip(padded.gradients, plain.gradients, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_sampled_softmax_counts_the_draws_of_each_query() -> None:
    """Three, one and no draws at q = 1/2, each of score 0 like the positive."""
    zeros = ops.zeros((3, 3, 2))
    mask = np.array([[True, True, True], [False, True, False], [False, False, False]])
    drawn = Vectors(zeros, np.full((3, 3), np.log(0.5), "float32"), mask=mask)
    loss = SampledSoftmax(reduction="sum")(zeros[:, 0], zeros[:, 0], Negatives(per_query=drawn))
    # Expected counts are 3/2 and 1/2: both queries add 2 to the 1 of the positive, the last one nothing.
    assert float(loss) == pytest.approx(2 * np.log(3), rel=1e-6)
