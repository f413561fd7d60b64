"""A user's catalog model of 20 lines gets training, evaluation, saving, indexes and recommendations."""

import contextlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles.ranking import mean_metrics, ranking_metrics
from tests.oracles.top_k import top_k
from tests.support.biased_factorization import BiasedFactorization

from shortlist.data import Histories, Interactions, random_split, synthetic
from shortlist.errors import ArgumentError
from shortlist.features import Category, FeatureSpec, Number
from shortlist.indexes import Partitioned
from shortlist.metrics import CatalogMetric, FactorizedTopK
from shortlist.models import CatalogModel, TwoTower, load_model

BACKEND = keras.config.backend()
ROOT = Path(__file__).parents[2]
WORLD = synthetic(40, 60, 800, seed=1).interactions
TRAIN, TEST = random_split(WORLD, test_fraction=0.3, seed=0)
USERS = list(dict.fromkeys(TRAIN.users.tolist()))[:5]
pytestmark = pytest.mark.filterwarnings("ignore:.* of the test rows .* repeat a")


def trained(epochs: int = 2) -> BiasedFactorization:
    keras.utils.set_random_seed(3)
    metric = FactorizedTopK(ks=(5,), metrics=("recall",))
    model = BiasedFactorization.from_interactions(WORLD, metric=metric)
    model.compile(keras.optimizers.Adam(0.05))
    model.fit(TRAIN, epochs=epochs, batch_size=64, verbose=0)
    return model


@pytest.fixture(scope="module")
def model() -> BiasedFactorization:
    return trained()


def tables(model: BiasedFactorization) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    layers = model.users, model.items, model.bias
    return tuple(np.asarray(layer.get_weights()[0], "float64") for layer in layers)


def oracle_scores(model: BiasedFactorization, users: Any) -> np.ndarray:
    """`user . item + bias`, with rows counted from 1 in the order of first appearance; `[users, items]`."""
    user_row = {user: row for row, user in enumerate(dict.fromkeys(WORLD.users.tolist()), 1)}
    user_table, item_table, bias = tables(model)
    vectors = user_table[[user_row[user] for user in users]]
    return vectors @ item_table[1:].T + bias[1:, 0]


def items_in_order() -> list[Any]:
    return list(dict.fromkeys(WORLD.items.tolist()))


def seen_by(user: Any, interactions: Interactions) -> set[Any]:
    return {item for other, item in zip(interactions.users, interactions.items, strict=True) if other == user}


@pytest.mark.contract
def test_evaluation_equals_the_oracle(model: BiasedFactorization) -> None:
    items, metrics = items_in_order(), []
    scores = oracle_scores(model, TEST.users)
    assert np.abs(tables(model)[2][1:]).max() > 0.01  # the bias was trained
    for line, user, item in zip(scores, TEST.users, TEST.items, strict=True):
        left_out = seen_by(user, TRAIN) - seen_by(user, TEST)
        rows = [items.index(one) for one in left_out]
        metrics.append(ranking_metrics(line, [items.index(item)], 5, rows))
    expected = mean_metrics(metrics)
    assert expected is not None
    found = model.evaluate(TEST, exclude=TRAIN, batch_size=64, verbose=0)
    assert found["recall_at_5"] == pytest.approx(expected["recall"], abs=1e-6)


@pytest.mark.contract
@pytest.mark.parametrize("kind", ["interactions", "histories", "lists"])
def test_recommendations_equal_the_oracle(model: BiasedFactorization, kind: str) -> None:
    items = items_in_order()
    seen = [seen_by(user, TRAIN) for user in USERS]
    rows = [[items.index(item) for item in one] for one in seen]
    wanted_scores, wanted_rows = top_k(oracle_scores(model, USERS), 3, rows)
    exclude: Any = TRAIN
    if kind != "interactions":
        exclude = Histories.from_interactions(TRAIN) if kind == "histories" else [list(one) for one in seen]
    for queries in (USERS, {WORLD.user: USERS}):
        scores, ids = model.recommend(queries, k=3, exclude=exclude)
        np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)
        assert ids.tolist() == [[items[row] for row in line] for line in wanted_rows]


@pytest.mark.contract
def test_predictions_are_the_scores_of_the_rows(model: BiasedFactorization) -> None:
    rows = [items_in_order().index(item) for item in TEST.items]
    expected = oracle_scores(model, TEST.users)[np.arange(len(rows)), rows]
    np.testing.assert_allclose(model.predict(TEST, batch_size=50, verbose=0), expected, atol=1e-5)


GO_ON = f"""
import json, sys
sys.path.insert(0, {str(ROOT)!r})
from tests.models.test_catalog import TEST, TRAIN, USERS
from shortlist.models import load_model
model, index = load_model("model.keras"), load_model("index.keras")
options = dict(exclude=TRAIN, batch_size=64, verbose=0)
found = {{"logs": model.evaluate(TEST, **options), "index": index(USERS)[1].tolist()}}
found["ids"] = model.recommend(USERS, k=4)[1].tolist()
model.fit(TRAIN, initial_epoch=2, epochs=3, batch_size=64, verbose=0)
found["later"] = model.evaluate(TEST, **options)
print(json.dumps(found))
"""


@pytest.mark.contract
def test_model_and_index_load_in_a_new_process(tmp_path: Path, run_python: Callable[..., str]) -> None:
    model = trained()
    model.save(tmp_path / "model.keras")
    model.build_index(k=4).save(tmp_path / "index.keras")
    found = json.loads(run_python(GO_ON, backend=BACKEND).splitlines()[-1])
    options: dict[str, Any] = {"exclude": TRAIN, "batch_size": 64, "verbose": 0}
    assert found["logs"] == pytest.approx(model.evaluate(TEST, **options), rel=1e-6)
    ids = model.recommend(USERS, k=4)[1].tolist()
    assert (found["ids"], found["index"]) == (ids, ids)
    model.fit(TRAIN, initial_epoch=2, epochs=3, batch_size=64, verbose=0)
    assert found["later"] == pytest.approx(model.evaluate(TEST, **options), rel=1e-5)


@pytest.mark.contract
def test_an_index_of_another_kind_and_another_catalog(tmp_path: Path) -> None:
    model = trained(epochs=1)
    few = items_in_order()[::-7]
    model.set_catalog({WORLD.item: few})
    index = model.build_index(k=2, kind=Partitioned, attributes={"place": range(len(few))}, probes=1000)
    assert index(USERS, 1, where={"place": 2})[1].tolist() == [[few[2]]] * len(USERS)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    assert loaded.recommend(USERS, k=2)[1].tolist() == index(USERS)[1].tolist()


@pytest.mark.skipif(BACKEND != "tensorflow", reason="exports are made under TensorFlow")
def test_it_is_exported_from_raw_ids(model: BiasedFactorization, tmp_path: Path) -> None:
    import tensorflow as tf

    from shortlist.export import saved_model

    path = saved_model(model.build_index(k=3), tmp_path / "1")
    answer = tf.saved_model.load(path).signatures["serving_default"]
    found = answer(**{WORLD.user: tf.constant(USERS)})["ids"].numpy().tolist()
    expected = model.recommend(USERS, k=3)[1].tolist()
    assert [[one.decode() if isinstance(one, bytes) else one for one in line] for line in found] == expected


@pytest.mark.contract
def test_predictions_before_training() -> None:
    """Predicting runs the towers alone; the task is built afterwards."""
    model = TwoTower.from_interactions(WORLD, embedding_dim=4)
    model.compile()
    assert model.predict(TEST, verbose=0).shape == (len(TEST),)
    assert np.isfinite(model.fit(TRAIN, epochs=1, verbose=0).history["loss"]).all()


@keras.saving.register_keras_serializable(package="tests")
class MeanTrueScore(keras.metrics.Mean):
    """Mean score of true candidates: the least that a catalog metric can be."""

    def __init__(self, name: str = "true_score", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.was_updated, self.num_refreshed = False, 0

    def set_candidates(self, candidates: Any, encoder: Any = None) -> None:
        self.candidates, self.encoder = candidates, encoder

    def refresh(self) -> bool:
        self.num_refreshed += 1
        return False

    def reporting_once(self) -> Any:
        return contextlib.nullcontext()

    def update_state(self, queries: Any, candidates: Any, **kwargs: Any) -> None:
        super().update_state(keras.ops.sum(queries * candidates, axis=1))
        self.was_updated = True


@pytest.mark.contract
@pytest.mark.parametrize("make", [TwoTower, BiasedFactorization])
def test_a_metric_of_ones_own_is_computed_in_evaluation(make: type[CatalogModel], tmp_path: Path) -> None:
    assert isinstance(MeanTrueScore(), CatalogMetric)
    assert not isinstance(keras.metrics.Mean(), CatalogMetric)
    model = make.from_interactions(WORLD, metric=MeanTrueScore())
    model.compile("adam")
    history = model.fit(TRAIN, validation_data=TEST, epochs=2, batch_size=64, verbose=0).history
    assert "true_score" not in history
    assert len(history["val_true_score"]) == 2
    assert model.metric.num_refreshed == 2
    assert model.metric.candidates is model.catalog
    scores = model.predict(TEST, verbose=0)
    logs = model.evaluate(TEST, verbose=0)
    assert logs["true_score"] == pytest.approx(float(scores.mean()), rel=1e-4)
    model.save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").evaluate(TEST, verbose=0) == pytest.approx(logs, rel=1e-5)


def test_what_a_subclass_must_define_is_named() -> None:
    spec = FeatureSpec.ids(user=WORLD.user, item=WORLD.item).fit(WORLD)
    model = CatalogModel(spec)
    for name in ("query_vectors", "candidate_vectors"):
        with pytest.raises(NotImplementedError, match=f"CatalogModel must define {name}"):
            getattr(model, name)({})


@pytest.mark.contract
def test_what_does_not_fit_is_refused(model: BiasedFactorization) -> None:
    with pytest.raises(ArgumentError, match="kind must be a subclass of StoredIndex"):
        model.build_index(kind="BruteForce")  # type: ignore[arg-type]
    table = {"user": ["a", "b"], "item": ["x", "y"], "year": [1.0, 2.0]}
    candidate = [Category("item"), Number("year")]
    spec = FeatureSpec([Category("user")], candidate, candidate_id="item").fit(table)
    with pytest.raises(ArgumentError, match=r"items must be given .* columns \['item', 'year'\]"):
        BiasedFactorization(spec)
    anonymous = BiasedFactorization(spec, table)
    with pytest.raises(ArgumentError, match="spec must have a query_id if exclude is given"):
        anonymous.evaluate(table, exclude=TRAIN)
    with pytest.raises(ArgumentError, match="spec must have a candidate_id"):
        BiasedFactorization(FeatureSpec([Category("user")], candidate).fit(table), table)
