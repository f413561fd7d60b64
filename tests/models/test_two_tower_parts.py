"""What the ready-made model puts together: loss, logQ, masks, L2, layers, counts."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import softmax

from shortlist.data import Interactions
from shortlist.metrics import FactorizedTopK
from shortlist.models import TwoTower

pytestmark = pytest.mark.contract

TABLE = {"user": ["ann", "ann", "bob", "bob"], "film": ["Up", "Heat", "Up", "Alien"]}


def two_tower(**options: Any) -> tuple[TwoTower, Interactions]:
    train = Interactions.from_table(TABLE, user="user", item="film")
    keras.utils.set_random_seed(0)
    model = TwoTower.from_interactions(train, embedding_dim=4, metric=FactorizedTopK(ks=(1,)), **options)
    model.compile(keras.optimizers.SGD(0.0))
    return model, train


@pytest.mark.parametrize("temperature", [None, 0.1])
def test_the_first_training_loss_equals_the_oracle(temperature: float | None) -> None:
    """One batch: logQ of the batch's own counts, false negatives of each user removed, l2 of both towers."""
    model, train = two_tower(temperature=temperature, l2=0.5, train_unknown=False)
    users, films = np.array(TABLE["user"], object), np.array(TABLE["film"], object)
    (logs,) = zip(*model.fit(train, epochs=1, verbose=0).history.values(), strict=True)
    logs = dict(zip(("loss", "regularization_loss", "total_loss"), logs, strict=True))
    towers = model.query_model, model.candidate_model
    queries, candidates = (
        keras.ops.convert_to_numpy(tower(tower.prepare(ids))).astype("float64")
        for tower, ids in zip(towers, (users, films), strict=True)
    )
    if temperature is not None:
        np.testing.assert_allclose(np.linalg.norm(queries, axis=1), 1, rtol=1e-5)
    oracle = softmax.in_batch_softmax(
        queries,
        candidates,
        temperature=temperature or 1.0,
        log_probability=np.log([2 / 4, 1 / 4, 2 / 4, 1 / 4]),
        candidate_ids=films.tolist(),
        remove_accidental_hits=True,
        query_ids=users.tolist(),
        mask_false_negatives=True,
    )
    assert logs["loss"] == pytest.approx(oracle["loss"], rel=1e-4)
    lengths = sum((vectors**2).sum(axis=1).mean() for vectors in (queries, candidates))
    assert logs["regularization_loss"] == pytest.approx(0.5 * lengths, rel=1e-4)


def test_hidden_units_are_layers_of_both_towers() -> None:
    model, train = two_tower(hidden_units=(6,))
    model.fit(train, epochs=1, verbose=0)
    for tower in (model.query_model, model.candidate_model):
        assert [weight.shape for weight in tower.get_weights()][1:] == [(4, 6), (6,), (6, 4), (4,)]


@pytest.mark.filterwarnings("ignore:.* of the test rows .* repeat a")
def test_every_row_of_training_is_counted_once_an_epoch() -> None:
    model, train = two_tower()
    model.fit(train, validation_data=train, epochs=2, batch_size=2, verbose=0)
    frequencies = model.task.log_q
    assert float(frequencies.total.value) == 2 * len(train)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(frequencies.counts.value), [0, 4, 2, 2])
