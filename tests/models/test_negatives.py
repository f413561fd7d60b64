"""Negatives that a ready-made model draws from its catalog: what reaches the loss, seeds, saving."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from shortlist.data import Interactions
from shortlist.losses import BPR, FrequencyNegatives, InBatchSoftmax, SampledSoftmax, UniformNegatives
from shortlist.metrics import FactorizedTopK
from shortlist.models import TwoTower, load_model

pytestmark = pytest.mark.contract
TABLE = {
    "user": ["ann", "ann", "bob", "bob", "cat", "dan"],
    "film": ["Up", "Heat", "Up", "Alien", "Up", "Heat"],
}


def two_tower(**options: Any) -> tuple[TwoTower, Interactions]:
    train = Interactions.from_table(TABLE, user="user", item="film")
    keras.utils.set_random_seed(0)
    model = TwoTower.from_interactions(train, embedding_dim=4, metric=FactorizedTopK(ks=(1,)), **options)
    model.compile(keras.optimizers.SGD(0.1))
    return model, train


class Recorder:
    """A loss that keeps what it is given, and costs what the sampled softmax costs."""

    def __call__(self, queries: Any, candidates: Any, negatives: Any, sample_weight: Any = None) -> Any:
        self.negatives = negatives
        return SampledSoftmax()(queries, candidates, negatives, sample_weight)


@pytest.mark.parametrize("shared", [True, False])
def test_the_loss_sees_encoded_rows_of_the_catalog_with_their_codes(shared: bool) -> None:
    recorder = Recorder()
    model, train = two_tower(loss=recorder, negatives=UniformNegatives(3, shared=shared))
    inputs = {**model.query_model.prepare(train), **model.candidate_model.prepare(train)}
    inputs = {name: keras.ops.convert_to_tensor(array) for name, array in inputs.items()}
    model.metric.refresh()
    model.compute_loss(inputs)
    negatives = recorder.negatives
    drawn = negatives.shared if shared else negatives.per_query
    assert tuple(drawn.vectors.shape) == ((3, 4) if shared else (6, 3, 4))
    assert negatives.num_candidates == 3
    np.testing.assert_allclose(keras.ops.convert_to_numpy(drawn.log_q), -np.log(3), rtol=1e-6)
    vectors = keras.ops.convert_to_numpy(model.candidate_model(inputs))  # of each example
    found = keras.ops.convert_to_numpy(drawn.vectors).reshape(-1, 4)
    codes = keras.ops.convert_to_numpy(drawn.codes).reshape(-1)
    own_codes = keras.ops.convert_to_numpy(negatives.candidate_codes)
    for vector, code in zip(found, codes, strict=True):
        same = np.flatnonzero((vectors == vector).all(axis=1))
        assert len(same)
        assert set(own_codes[same]) == {code}


@pytest.mark.parametrize(
    ("loss", "source"),
    [
        (SampledSoftmax(), UniformNegatives(4)),
        (BPR(), FrequencyNegatives(2, shared=False)),
        (None, UniformNegatives(2, shared=False)),
        (InBatchSoftmax(temperature=0.5), FrequencyNegatives(3)),
    ],
)
def test_trained_saved_and_resumed_as_if_never_stopped(loss: Any, source: Any, tmp_path: Path) -> None:
    model, train = two_tower(loss=loss, negatives=source)
    model.fit(train, epochs=1, batch_size=3, verbose=0)
    model.evaluate(train)  # does not move the seed
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    losses = [
        one.fit(train, epochs=2, initial_epoch=1, batch_size=3, verbose=0).history["loss"]
        for one in (model, loaded)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)
    assert loaded.task.loss == model.task.loss
    assert loaded.negatives.source == source


def test_steps_draw_again_and_evaluation_repeats_itself() -> None:
    model, train = two_tower(loss=BPR(), negatives=UniformNegatives(1))
    model.optimizer.learning_rate = 0.0
    first, second = model.fit(train, epochs=2, verbose=0).history["loss"]
    third = model.fit(train, epochs=1, verbose=0).history["loss"][0]
    assert len({round(loss, 6) for loss in (first, second, third)}) > 1
    assert model.evaluate(train)["loss"] == model.evaluate(train)["loss"]


class Observed(UniformNegatives):
    """Uniform negatives that note the size of the catalog at each trace."""

    def __init__(self, num_negatives: int) -> None:
        super().__init__(num_negatives)
        self.sizes: list[int] = []

    def sample(self, batch: Any, seed: Any) -> Any:
        self.sizes.append(batch.num_candidates)
        return super().sample(batch, seed)


def test_training_after_set_catalog_draws_from_the_new_catalog() -> None:
    source = Observed(2)
    model, train = two_tower(loss=SampledSoftmax(), negatives=source)
    model.fit(train, epochs=1, verbose=0)
    model.evaluate(train, verbose=0)
    assert set(source.sizes) == {3}
    source.sizes.clear()
    model.set_catalog({"film": ["Up", "Heat"]})
    model.fit(train, epochs=1, verbose=0)
    assert set(source.sizes) == {2}
    source.sizes.clear()
    model.evaluate(train, verbose=0)
    assert set(source.sizes) == {2}
