"""Training of the vector that new users share."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist.data import Interactions
from shortlist.features import Category, FeatureSpec, Number
from shortlist.models import TwoTower, load_model

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(0)
SHARES = 0.5 ** np.arange(6)
ITEMS = GENERATOR.choice([f"i{n}" for n in range(6)], size=600, p=SHARES / SHARES.sum())
TABLE = {
    "user": GENERATOR.choice([f"u{n}" for n in range(40)], size=600),
    "item": ITEMS,
    "hour": GENERATOR.uniform(size=600),
    "sample_weight": GENERATOR.uniform(0.5, 2.0, size=600),
}
TRAIN = Interactions.from_table({name: TABLE[name] for name in ("user", "item")}, user="user", item="item")
BY_POPULARITY = sorted(set(ITEMS), key=lambda item: -np.count_nonzero(item == ITEMS))


def trained(epochs: int = 3, **options: Any) -> TwoTower:
    keras.utils.set_random_seed(0)
    model = TwoTower.from_interactions(TRAIN, embedding_dim=8, **options)
    model.compile(keras.optimizers.Adam(0.02))
    model.fit(TRAIN, batch_size=64, epochs=epochs, verbose=0)
    return model


@pytest.mark.parametrize("temperature", [None, 0.2])
def test_new_users_get_the_popular_items(temperature: float | None) -> None:
    model = trained(epochs=20, temperature=temperature)
    assert model.recommend(["new"], k=6)[1][0].tolist() == BY_POPULARITY
    assert trained(train_unknown=False).recommend(["new"], k=6)[1][0].tolist() != BY_POPULARITY


@pytest.mark.parametrize("temperature", [None, 0.2])
def test_vectors_of_known_ids_do_not_change(temperature: float | None) -> None:
    models = [trained(temperature=temperature, train_unknown=one) for one in (True, False)]
    (users, *items), (plain_users, *plain_items) = (
        [keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables] for model in models
    )
    np.testing.assert_array_equal(users[1:], plain_users[1:])
    assert np.abs(users[0] - plain_users[0]).max() > 1e-3
    for ours, theirs in zip(items, plain_items, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("has_features", [False, True])
def test_the_loss_is_the_softmax_of_the_unknown_query(has_features: bool) -> None:
    """Nothing is learned; from the second epoch of one batch on, frequencies are those of the data."""
    table = {name: values[:100] for name, values in TABLE.items()}
    query = [Category("user"), Number("hour")] if has_features else [Category("user")]
    spec = FeatureSpec(query, [Category("item")], query_id="user", candidate_id="item").fit(table)
    keras.utils.set_random_seed(0)
    model = TwoTower(spec, embedding_dim=4, temperature=0.5, l2=0.0)
    model.compile(keras.optimizers.SGD(0.0))
    history = model.fit(table, batch_size=100, epochs=2, verbose=0).history

    unknown = {**table, "user": np.full(100, "new")}
    names = [column.column for column in query]
    queries = model.query_model(model.query_model.prepare({name: unknown[name] for name in names}))
    candidates = model.candidate_model(model.candidate_model.prepare({"item": table["item"]}))
    queries, candidates = (keras.ops.convert_to_numpy(one).astype("float64") for one in (queries, candidates))
    log_q = np.log([np.mean(item == table["item"]) for item in table["item"]])
    logits = queries @ candidates.T / 0.5 - log_q
    losses = [np.logaddexp.reduce(row) - row[i] for i, row in enumerate(logits)]
    expected = np.average(losses, weights=table["sample_weight"])
    assert history["regularization_loss"][1] == pytest.approx(expected, rel=1e-4)


def test_saved_with_the_model(tmp_path: Any) -> None:
    trained(epochs=1, train_unknown=False).save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").train_unknown is False
