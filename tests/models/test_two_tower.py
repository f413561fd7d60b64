"""The ready-made model: its metrics and answers next to plain NumPy, its quality, its life after loading."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from tests.oracles.ranking import mean_metrics, ranking_metrics
from tests.oracles.top_k import top_k

from shortlist.data import InteractionFiles, Interactions
from shortlist.data._splits import random_split
from shortlist.data.datasets import synthetic
from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import Categories, Category, FeatureSpec
from shortlist.indexes import Partitioned, Streaming
from shortlist.metrics import FactorizedTopK
from shortlist.models import TwoTower, load_model

Array = NDArray[Any]
BACKEND = keras.config.backend()
KS = (1, 10)
METRICS = ("recall", "ndcg", "mrr")
pytestmark = pytest.mark.filterwarnings("ignore:.* of .* rows of .* unknown to this model")


@pytest.fixture(scope="module")
def parts() -> tuple[Interactions, Interactions]:
    """Few users and items, so that some of the test's items were not met in training."""
    return random_split(synthetic(40, 60, 500, seed=1).interactions, test_fraction=0.3, seed=0)


def compiled(train: Interactions, **options: Any) -> TwoTower:
    keras.utils.set_random_seed(3)
    model = TwoTower.from_interactions(
        train, embedding_dim=8, metric=FactorizedTopK(ks=KS, metrics=METRICS), **options
    )
    model.compile()
    return model


def query_vectors(model: TwoTower, users: Array) -> Array:
    return np.asarray(keras.ops.convert_to_numpy(model.query_model(model.query_model.prepare(users))))


def items_by_user(interactions: Interactions) -> dict[Any, set[Any]]:
    met: dict[Any, set[Any]] = {user: set() for user in interactions.users}
    for user, item in zip(interactions.users, interactions.items, strict=True):
        met[user].add(item)
    return met


def oracle(model: TwoTower, test: Interactions, exclude: Interactions | None) -> dict[str, float]:
    """Each row a query with one true item; what the user met in `exclude` is not in the catalog."""
    ids, candidates = model.candidate_embeddings()
    row_of = {item: row for row, item in enumerate(ids.tolist())}
    met = {} if exclude is None else items_by_user(exclude)
    scores = query_vectors(model, test.users).astype("float64") @ candidates.T
    values = {}
    for k in KS:
        metrics = [
            ranking_metrics(line, [row_of.get(item, -2)], k, [row_of[one] for one in met.get(user, ())])
            for line, user, item in zip(scores, test.users, test.items, strict=True)
        ]
        mean = mean_metrics(metrics)
        assert mean is not None
        values |= {f"{measure}_at_{k}": mean[measure] for measure in METRICS}
    return values


@pytest.mark.parametrize(
    "excluding", [pytest.param(True, marks=pytest.mark.contract), False], ids=["exclude", "all"]
)
def test_metrics_equal_the_oracle(excluding: bool, parts: tuple[Interactions, Interactions]) -> None:
    train, test = parts
    assert set(test.items) - set(train.items)
    model = compiled(train)
    model.fit(train, epochs=2, batch_size=64, verbose=0)
    exclude = train if excluding else None
    logs = model.evaluate(test, exclude=exclude, batch_size=64, verbose=0)
    found = {name: value for name, value in logs.items() if "_at_" in name}
    assert found == pytest.approx(oracle(model, test, exclude), abs=1e-5)


@pytest.mark.contract
def test_validation_is_an_evaluation_without_what_was_trained_on(
    parts: tuple[Interactions, Interactions],
) -> None:
    train, test = parts
    model = compiled(train)
    history = model.fit(train, validation_data=test, epochs=2, batch_size=64, verbose=0).history
    logs = model.evaluate(test, exclude=train, batch_size=64, verbose=0)
    assert {name: values[-1] for name, values in history.items() if name.startswith("val_")} == pytest.approx(
        {f"val_{name}": value for name, value in logs.items()}, rel=1e-5
    )
    assert not [name for name in history if "_at_" in name and not name.startswith("val_")]


def test_the_index_answers_by_raw_ids(parts: tuple[Interactions, Interactions]) -> None:
    train, _ = parts
    model = compiled(train)
    model.fit(train, epochs=1, batch_size=64, verbose=0)
    ids, candidates = model.candidate_embeddings()
    assert set(ids) == set(train.items)
    users, met = np.unique(train.users)[:5], items_by_user(train)
    row_of = {item: row for row, item in enumerate(ids.tolist())}
    excluded = [[row_of[item] for item in met[user]] for user in users]
    wanted_scores, wanted_rows = top_k(query_vectors(model, users) @ candidates.T, 4, excluded)
    scores, found = model.build_index(k=4)(users, exclude=[list(met[user]) for user in users])
    np.testing.assert_allclose(scores, wanted_scores, atol=1e-5)
    assert found.tolist() == ids[wanted_rows].tolist()
    other = model.build_index(k=4, kind=Partitioned, attributes={"place": range(len(ids))}, probes=1000)
    assert isinstance(other, Partitioned)
    assert other(users, 1, where={"place": 2})[1].tolist() == [[ids[2]]] * 5
    assert other(users)[1].tolist() == model.build_index(k=4)(users)[1].tolist()
    for kind in ("Partitioned", Partitioned(), Streaming):
        with pytest.raises(ArgumentError, match="kind must be a subclass of StoredIndex"):
            model.build_index(kind=kind)


@pytest.mark.parametrize("table", [dict, pa.table, pl.DataFrame])
def test_items_of_any_table(table: Any) -> None:
    interactions = Interactions.from_table({"user": ["a", "b"], "item": ["x", "y"]}, user="user", item="item")
    model = TwoTower.from_interactions(interactions, table({"item": ["z", "x", "y"], "year": [1, 2, 3]}))
    assert model.candidate_embeddings()[0].tolist() == ["z", "x", "y"]


@pytest.mark.contract
def test_it_beats_popularity() -> None:
    train, test = random_split(synthetic(300, 200, 9000, seed=5).interactions, seed=0)
    keras.utils.set_random_seed(0)
    model = TwoTower.from_interactions(train, embedding_dim=16, metric=FactorizedTopK(ks=(10,)))
    model.compile(keras.optimizers.Adam(0.01))
    model.fit(train, epochs=10, batch_size=512, verbose=0)
    recall = model.evaluate(test, exclude=train, verbose=0)["recall_at_10"]
    assert recall > 1.15 * popularity_recall(train, test, 10)


def popularity_recall(train: Interactions, test: Interactions, k: int) -> float:
    """Share of test rows whose item is among the k most frequent that the user had not met."""
    items, counts = np.unique(train.items, return_counts=True)
    best_first, met = items[np.argsort(-counts, kind="stable")], items_by_user(train)
    hits = 0
    for user, item in zip(test.users, test.items, strict=True):
        unmet = [one for one in best_first if one == item or one not in met.get(user, ())]
        hits += item in unmet[:k]
    return hits / len(test)


@pytest.mark.contract
def test_the_same_seed_gives_the_same_model(parts: tuple[Interactions, Interactions]) -> None:
    train, _ = parts
    weights = []
    for seed in (1, 1, 2):
        model = compiled(train)
        model.fit(train, epochs=1, batch_size=64, seed=seed, verbose=0)
        weights.append(np.concatenate([one.ravel() for one in model.get_weights()]))
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


GO_ON = """
import json, sys
import numpy as np
from shortlist.data.datasets import synthetic
from shortlist.data._splits import random_split
from shortlist.models import load_model
train, test = random_split(synthetic(40, 60, 500, seed=1).interactions, test_fraction=0.3, seed=0)
model = load_model("model.keras")
scores, ids = model.build_index()(train.users[:5], k=4)
logs = model.evaluate(test, exclude=train, batch_size=64, verbose=0)
history = model.fit(train, initial_epoch=2, epochs=4, batch_size=64, verbose=0).history
print(json.dumps({"scores": scores.tolist(), "ids": ids.tolist(), "logs": logs, "losses": history["loss"]}))
"""


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, marks=pytest.mark.slow),
        pytest.param({"hidden_units": (6,), "temperature": 0.1}, marks=pytest.mark.contract),
    ],
    ids=["ids", "dense"],
)
def test_it_goes_on_in_a_new_process(
    options: dict[str, Any],
    parts: tuple[Interactions, Interactions],
    tmp_path: Path,
    run_python: Callable[..., str],
) -> None:
    train, test = parts
    model = compiled(train, **options)
    first = model.fit(train, epochs=2, batch_size=64, verbose=0).history["loss"]
    model.save(tmp_path / "model.keras")
    found = json.loads(run_python(GO_ON, backend=BACKEND).splitlines()[-1])
    scores, ids = model.build_index()(train.users[:5], k=4)
    np.testing.assert_allclose(found["scores"], scores, rtol=1e-6, atol=1e-6)
    assert found["ids"] == ids.tolist()
    logs = model.evaluate(test, exclude=train, batch_size=64, verbose=0)
    assert found["logs"] == pytest.approx(logs, rel=1e-6)
    uninterrupted = compiled(train, **options).fit(train, epochs=4, batch_size=64, verbose=0).history["loss"]
    assert first + found["losses"] == pytest.approx(uninterrupted, rel=1e-6)


WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = None  # importing it now raises
import shortlist as sl
table = {"user": ["ann", "ann", "bob", "bob"], "film": ["Up", "Heat", "Up", "Alien"]}
train = sl.data.Interactions.from_table(table, user="user", item="film")
model = sl.models.TwoTower.from_interactions(train, embedding_dim=4)
model.compile()
model.fit(train, epochs=1, verbose=0)
model.evaluate(train, verbose=0)
model.save("model.keras")
print(sl.models.load_model("model.keras").build_index()(["ann"], k=1, exclude=[["Up", "Heat"]])[1].tolist())
"""


@pytest.mark.parametrize(
    "backend", [pytest.param("jax", marks=pytest.mark.slow), *(["torch"] if find_spec("torch") else [])]
)
def test_it_works_where_tensorflow_is_not_installed(backend: str, run_python: Callable[..., str]) -> None:
    assert run_python(WITHOUT_TENSORFLOW, backend=backend).splitlines()[-1] == "[['Alien']]"


ITEMS = pa.table(
    {
        "film": ["Up", "Heat", "Alien", "Dune"],
        "genres": [["family"], ["crime"], ["space"], ["space", "crime"]],
    }
)


@pytest.mark.contract
def test_items_that_training_never_met_are_recommended_by_their_features(tmp_path: Path) -> None:
    table = {"user": ["ann", "ann", "bob", "bob"], "film": ["Up", "Heat", "Up", "Alien"]}
    train = Interactions.from_table(table, user="user", item="film")
    spec = FeatureSpec(
        [Category("user")], [Category("film"), Categories("genres")], query_id="user", candidate_id="film"
    ).fit(train.join(items=ITEMS), ITEMS)
    model = TwoTower(spec, ITEMS, embedding_dim=4, metric=FactorizedTopK(ks=(1,)))
    model.compile()
    model.fit(train.join(items=ITEMS), epochs=1, verbose=0)
    new = pa.table({"film": ["Dune", "Solaris"], "genres": [["space"], ["space"]]})
    model.set_catalog(new)
    _, films = model.build_index()(["ann"], k=2)
    assert set(films[0]) == {"Dune", "Solaris"}
    test = Interactions.from_table({"user": ["ann"], "film": ["Dune"]}, user="user", item="film")
    logs = model.evaluate(test.join(items=new), verbose=0)
    assert logs["recall_at_1"] == float(films[0, 0] == "Dune")
    model.save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").build_index()(["ann"], k=2)[1].tolist() == films.tolist()


def test_rows_of_weight_zero_are_absent(parts: tuple[Interactions, Interactions]) -> None:
    train, _ = parts
    model = compiled(train)
    weights = (np.arange(len(train)) < 20).astype("float32")
    expected = model.evaluate(train.take(np.arange(20)), batch_size=20, verbose=0)
    table = {"user_id": train.users, "item_id": train.items, "sample_weight": weights}
    found = model.evaluate(table, batch_size=len(train), verbose=0)
    for name in (name for name in expected if "_at_" in name):
        assert found[name] == pytest.approx(expected[name], rel=1e-5)


def test_what_it_needs_is_said(parts: tuple[Interactions, Interactions]) -> None:
    train, _ = parts
    with pytest.raises(FeatureError, match="fit"):
        TwoTower(FeatureSpec.ids(user="user_id", item="item_id"))
    with pytest.raises(ArgumentError, match="exclude"):
        compiled(train).evaluate([np.zeros(1)], exclude=train)
    with pytest.raises(ArgumentError, match="Interactions.from_table"):
        TwoTower.from_interactions({"user_id": train.users, "item_id": train.items})
    for size in (0, -1):
        with pytest.raises(ArgumentError, match="batch_size"):
            compiled(train).fit(train, batch_size=size, verbose=0)
    fitted = FeatureSpec([Category("user_id")], [Category("item_id")]).fit(train)
    with pytest.raises(ArgumentError, match="spec must have a candidate_id"):
        TwoTower(fitted)
    twice = pa.table({"item_id": ["a", "a"]})
    with pytest.raises(ValueError, match="'a'"):
        compiled(train).set_catalog(twice)


@pytest.mark.contract
def test_a_catalog_of_which_nothing_would_be_learned_is_refused() -> None:
    for met, written in ((["1", "2", "1"], ["01", "02"]), ([1, 2, 1], [10, 20])):
        table = {"user": ["ann", "bob", "bob"], "film": met}
        train = Interactions.from_table(table, user="user", item="film")
        with pytest.raises(
            ArgumentError,
            match=r"items must have ids in common .*2 items, such as \['?\d+'?\], .* 2 others, such as \['?1",
        ):
            TwoTower.from_interactions(train, {"film": written})
        one_of_them = TwoTower.from_interactions(train, {"film": [*written, met[0]]})
        assert one_of_them.catalog.ids.tolist() == [*written, met[0]]


def test_raw_tables_are_encoded(parts: tuple[Interactions, Interactions]) -> None:
    """Raw integer ids must never be taken for rows of the embedding tables."""
    train, test = parts
    table = {"user_id": train.users, "item_id": train.items}
    from_interactions, from_dict = compiled(train), compiled(train)
    first = from_interactions.fit(train, epochs=2, batch_size=64, verbose=0).history["loss"]
    assert from_dict.fit(table, epochs=2, batch_size=64, verbose=0).history["loss"] == pytest.approx(first)
    frame = test.to_pandas()
    assert from_dict.evaluate(frame, verbose=0) == pytest.approx(from_interactions.evaluate(test, verbose=0))


def test_it_can_be_trained_after_data_it_could_not_read(parts: tuple[Interactions, Interactions]) -> None:
    train, _ = parts
    model = compiled(train)
    with pytest.raises(TypeError, match="indices must be integers"):
        model.fit([np.zeros((2, 2), "int32")], verbose=0)
    assert model.fit(train, verbose=0).history["loss"]


def test_another_catalog_of_the_same_size_is_looked_up_again(
    parts: tuple[Interactions, Interactions],
) -> None:
    """Rows of ids that were compiled into the evaluation of the former catalog are not used again."""
    train, test = parts
    model = compiled(train)
    model.evaluate(test, batch_size=64, verbose=0)
    model.set_catalog({"item_id": model.catalog.ids[::-1]})
    logs = model.evaluate(test, batch_size=64, verbose=0)
    found = {name: value for name, value in logs.items() if "_at_" in name}
    assert found == pytest.approx(oracle(model, test, None), abs=1e-5)


@pytest.mark.contract
def test_weights_that_would_be_ignored_are_refused(parts: tuple[Interactions, Interactions]) -> None:
    train, _ = parts
    model = compiled(train)
    weights = np.ones(len(train), "float32")
    for method in (model.fit, model.evaluate):
        with pytest.raises(
            ArgumentError, match="sample_weight of .* must be None .* Add a column 'sample_weight'"
        ):
            method(train, sample_weight=weights, verbose=0)
    for data in (train, [np.zeros((2, 2))]):
        with pytest.raises(
            ArgumentError, match="class_weight of fit must be None .* with the weight of each row's class"
        ):
            model.fit(data, class_weight={0: 1.0}, verbose=0)


@pytest.mark.contract
@pytest.mark.parametrize("name", ["sample_weights", "Sample_Weight", "sampleweight", "sample_weigth"])
def test_a_misspelled_column_of_weights_is_refused(name: str, tmp_path: Path) -> None:
    table = {"user": ["ann", "bob"], "film": ["Up", "Heat"], name: [1.0, 2.0]}
    train = Interactions.from_table(table, user="user", item="film")
    model = compiled(train)
    with pytest.raises(
        FeatureError, match=f"column '{name}' must be named 'sample_weight' .* Rename it or drop it"
    ):
        model.fit(train, verbose=0)
    train.to_pandas().to_csv(tmp_path / "rows.csv", index=False)
    with pytest.raises(FeatureError, match=f"column '{name}' must be named 'sample_weight'"):
        model.fit(InteractionFiles(tmp_path / "rows.csv", user="user", item="film"), verbose=0)


@pytest.mark.contract
def test_other_columns_are_no_misspelled_weights() -> None:
    table = {"user": ["ann", "bob"], "film": ["Up", "Heat"], "weight": [1.0, 2.0], "sample_rate": [1.0, 2.0]}
    train = Interactions.from_table(table, user="user", item="film")
    assert compiled(train).fit(train, verbose=0).history["loss"]


@pytest.mark.contract
def test_negative_weights_are_named_with_their_row(parts: tuple[Interactions, Interactions]) -> None:
    train, _ = parts
    model = compiled(train)
    weights = np.ones(len(train))
    weights[7] = -0.5
    table = {"user_id": train.users, "item_id": train.items, "sample_weight": weights}
    for method in (model.fit, model.evaluate):
        with pytest.raises(
            FeatureError, match=r"'sample_weight' must hold numbers >= 0, got -0.5 in row 7\. Drop"
        ):
            method(table, verbose=0)


FILMS = {"user": ["ann", "ann", "bob", "bob"], "film": ["Up", "Heat", "Up", "Alien"]}


@pytest.mark.contract
@pytest.mark.filterwarnings("ignore:.* of the test rows .* repeat a")
def test_rows_of_unknown_ids_are_counted() -> None:
    train = Interactions.from_table(FILMS, user="user", item="film")
    model = compiled(train)
    some = {"user": ["ann", "eve", "bob", "tom"], "film": ["Up", "Heat", "Dune", "Alien"]}
    users, items = "^2 of 4 rows of {} have users unknown", "^1 of 4 rows of {} have items unknown"
    for name, run in (
        ("the training data", lambda: model.fit(some, verbose=0)),
        ("validation_data", lambda: model.fit(train, validation_data=some, verbose=0)),
        ("the data", lambda: model.evaluate(some, verbose=0)),
    ):
        with (
            pytest.warns(UserWarning, match=users.format(name)) as warned,
            pytest.warns(UserWarning, match=items.format(name)),
        ):
            run()
        assert {one.filename for one in warned if one.category is UserWarning} == {__file__}


@pytest.mark.contract
@pytest.mark.filterwarnings("ignore:x is read from files")
@pytest.mark.parametrize(("role", "column"), [("users", "user"), ("items", "film")])
def test_rows_whose_ids_are_all_unknown_are_refused(role: str, column: str, tmp_path: Path) -> None:
    train = Interactions.from_table(FILMS, user="user", item="film")
    model = compiled(train)
    table = FILMS | {column: ["x", "y", "x", "z"]}
    pl.DataFrame(table).write_csv(tmp_path / "rows.csv")
    files = InteractionFiles(tmp_path / "rows.csv", user="user", item="film")
    message = f"have {role} known to this model, got 4 rows whose '{column}' are all unknown"
    for data in (table, files):
        with pytest.raises(ArgumentError, match=f"the training data must {message}"):
            model.fit(data, verbose=0)
        with pytest.raises(ArgumentError, match=f"the data must {message}"):
            model.evaluate(data, verbose=0)
        with pytest.raises(ArgumentError, match=f"validation_data must {message}"):
            model.fit(train, validation_data=data, verbose=0)


@pytest.mark.contract
def test_new_users_with_features_are_evaluated_by_these() -> None:
    table = FILMS | {"country": ["fr", "fr", "de", "de"]}
    train = Interactions.from_table(table, user="user", item="film")
    query = [Category("user"), Category("country")]
    spec = FeatureSpec(query, [Category("film")], query_id="user", candidate_id="film").fit(train)
    model = TwoTower(spec, embedding_dim=4, metric=FactorizedTopK(ks=(1,)))
    model.compile()
    new = table | {"user": ["eve", "eve", "tom", "tom"]}
    with pytest.warns(UserWarning, match="^4 of 4 rows of the data have users unknown"):
        assert "recall_at_1" in model.evaluate(new, verbose=0)
    with pytest.raises(ArgumentError, match="the training data must have users known"):
        model.fit(new, verbose=0)


@pytest.mark.contract
def test_arguments_for_arrays_with_labels_are_refused() -> None:
    train = Interactions.from_table(FILMS, user="user", item="film")
    model = compiled(train)
    for method in (model.fit, model.evaluate):
        with pytest.raises(
            ArgumentError, match=r"^y of .* must be None .*\. Leave it out: compute_loss finds"
        ):
            method(train, np.ones(4), verbose=0)
    with pytest.raises(
        ArgumentError, match=r"^validation_split of fit must be None .*\. Split first, .*random_split"
    ):
        model.fit(train, validation_split=0.5, verbose=0)
    assert model.fit(train, validation_split=0.0, verbose=0).history["loss"]


class Stop(keras.callbacks.Callback):
    """Ends the training as a crash would, in the third epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.contract
def test_a_training_that_was_interrupted_is_restored(tmp_path: Path) -> None:
    """`BackupAndRestore` takes only models that are built."""
    train = Interactions.from_table(FILMS, user="user", item="film")
    options: dict[str, Any] = {"epochs": 4, "batch_size": 2, "verbose": 0}
    uninterrupted = compiled(train)
    uninterrupted.fit(train, **options)
    backup = keras.callbacks.BackupAndRestore(tmp_path / "backup")
    with pytest.raises(KeyboardInterrupt):
        compiled(train).fit(train, callbacks=[backup, Stop()], **options)
    resumed = compiled(train)
    resumed.fit(train, callbacks=[keras.callbacks.BackupAndRestore(tmp_path / "backup")], **options)
    for one, other in zip(uninterrupted.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
