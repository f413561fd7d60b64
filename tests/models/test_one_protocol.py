"""`TwoTower.evaluate` and `evaluation.compare` follow one protocol, and both equal the oracle."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.oracles import evaluation as oracle

import shortlist as sl
from shortlist.data import Histories, InteractionFiles, Interactions
from shortlist.errors import ArgumentError
from shortlist.evaluation import compare, evaluate
from shortlist.metrics import FactorizedTopK
from shortlist.models import TwoTower

USERS, ITEMS = ["ann", "bob", "cid"], [10, 11, 12, 13, 14]
STRANGERS, NEW_ITEM = ["eve", "fay"], 99  # the model knows neither
KS, METRICS = (1, 3), ("recall", "precision", "hit_rate", "mrr", "ndcg", "map")
NUM_ROWS = 10
REPEATS = pytest.mark.filterwarnings(
    "ignore:.* of the test rows .* repeat a", "ignore:.* unknown to this model"
)


def interactions(pairs: list[tuple[str, int]], weights: list[float] | None = None) -> Interactions:
    users, items = zip(*pairs, strict=True)
    table: dict[str, Any] = {"user": list(users), "item": list(items)}
    if weights is not None:
        table["sample_weight"] = weights
    return Interactions.from_table(table, user="user", item="item")


@pytest.fixture(scope="module")
def model() -> TwoTower:
    keras.utils.set_random_seed(0)
    train = interactions([(user, item) for user in USERS for item in ITEMS])
    model = TwoTower.from_interactions(train, embedding_dim=4, metric=FactorizedTopK(ks=KS, metrics=METRICS))
    model.compile(run_eagerly=True)  # a graph for each width of exclusions takes longer than the rest
    return model


def scores_of(model: TwoTower) -> dict[str, dict[int, float]]:
    """Random weights: no scores are tied."""
    users = [*USERS, *STRANGERS]
    vectors = keras.ops.convert_to_numpy(model.query_model(model.query_model.prepare(users)))
    ids, candidates = model.candidate_embeddings()
    scores = np.asarray(vectors, "float64") @ candidates.T
    return {
        user: dict(zip(ids.tolist(), line, strict=True))
        for user, line in zip(users, scores.tolist(), strict=True)
    }


def expected_of(model: TwoTower, *arguments: Any, **options: Any) -> dict[str, float]:
    values = {}
    for k in KS:
        metrics = oracle.evaluate(scores_of(model), *arguments, k=k, **options)
        assert metrics is not None
        values |= {f"{measure}_at_{k}": value for measure, value in metrics.items()}
    return values


def metrics_of(logs: dict[str, float]) -> dict[str, float]:
    return {
        name: value
        for name, value in logs.items()
        if "_at_" in name and not name.startswith(("coverage", "gini", "novelty"))
    }


PAIRS = st.tuples(st.sampled_from([*USERS, *STRANGERS]), st.sampled_from([*ITEMS, NEW_ITEM]))
ROWS = st.lists(PAIRS, min_size=NUM_ROWS, max_size=NUM_ROWS).filter(
    lambda pairs: any(user in USERS for user, _ in pairs) and any(item in ITEMS for _, item in pairs)
)
WEIGHTS = st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=NUM_ROWS, max_size=NUM_ROWS).filter(any)


@pytest.mark.contract
@REPEATS
@settings(max_examples=15)
@given(test=ROWS, train=ROWS, weights=WEIGHTS, excluding=st.booleans(), weighted=st.booleans())
def test_evaluate_and_compare_are_equal(
    test: list[tuple[str, int]],
    train: list[tuple[str, int]],
    weights: list[float],
    excluding: bool,
    weighted: bool,
    model: TwoTower,
) -> None:
    rows, training = interactions(test, weights), interactions(train)
    given: dict[str, Any] = {"exclude": training if excluding else None, "weighted": weighted}
    by_model = metrics_of(model.evaluate(rows, batch_size=4, verbose=0, **given))
    index = model.build_index()
    options: dict[str, Any] = {"train": training, "ks": KS, "metrics": METRICS, **given}
    by_lists = metrics_of(dict(compare({"m": index}, rows, **options).rows["m"]))
    exact = expected_of(model, test, train if excluding else [], weights=weights if weighted else None)
    assert by_model == pytest.approx(by_lists, abs=1e-6)
    assert by_model == pytest.approx(exact, abs=1e-6)
    by_user = metrics_of(dict(compare({"m": index}, rows, average="user", **options).rows["m"]))
    exact = expected_of(
        model, test, train if excluding else [], weights=weights if weighted else None, average="user"
    )
    assert by_user == pytest.approx(exact, abs=1e-6)


TEST = [("ann", 10), ("ann", 11), ("ann", 11), ("bob", 12), ("eve", 13)]
TRAIN = [("ann", 10), ("ann", 12), ("bob", 10), ("fay", 14), ("eve", 14), ("cid", 13), ("cid", 13)]


@REPEATS
def test_validation_in_fit_follows_the_protocol() -> None:
    train = [(user, item) for user in USERS for item in ITEMS]
    trained = TwoTower.from_interactions(
        interactions(train), embedding_dim=4, metric=FactorizedTopK(ks=KS, metrics=METRICS)
    )
    trained.compile()
    logs = trained.fit(interactions(train), validation_data=interactions(TEST), epochs=1, verbose=0).history
    found = {name: values[-1] for name, values in metrics_of(logs).items()}
    exact = expected_of(trained, TEST, train)
    assert found == pytest.approx({f"val_{name}": value for name, value in exact.items()}, abs=1e-6)


@pytest.mark.contract
@REPEATS
@pytest.mark.parametrize("as_table", [lambda rows: rows, lambda rows: rows.to_pandas()], ids=["", "pandas"])
def test_exclude_takes_histories(as_table: Any, model: TwoTower) -> None:
    test, train = interactions(TEST), interactions(TRAIN)
    histories = Histories.from_interactions(train)
    exact = pytest.approx(expected_of(model, TEST, TRAIN), abs=1e-6)
    assert metrics_of(model.evaluate(as_table(test), exclude=histories, verbose=0)) == exact
    index = model.build_index()
    assert evaluate(index, test, exclude=histories, ks=KS, metrics=METRICS) == exact
    report = compare({"m": index}, test, train=train, exclude=histories, ks=KS, metrics=METRICS)
    assert metrics_of(dict(report.rows["m"])) == exact


@REPEATS
def test_test_rows_that_repeat_a_training_pair_are_counted_in_a_warning(model: TwoTower) -> None:
    test, train = interactions(TEST), interactions(TRAIN)
    message = r"20\.0% of the test rows \(1 of 5\) repeat .*: test\.take\(~shortlist\.data\.repeated_rows"
    with pytest.warns(UserWarning, match=message):
        model.evaluate(test, exclude=train, verbose=0)
    with pytest.warns(UserWarning, match=message):
        evaluate(model.build_index(), test, exclude=train)
    (warning,) = [
        one for one in compare({"m": model.build_index()}, test, train=train).warnings if "repeat" in one
    ]
    assert warning.startswith("20.0% of the test rows (1 of 5) repeat")
    new_items = test.take(~sl.data.repeated_rows(test, train))  # as the warning says
    assert list(zip(new_items.users, new_items.items, strict=True)) == TEST[1:]
    model.evaluate(new_items, exclude=train, verbose=0)


def test_rows_from_files_keep_only_their_own_item(model: TwoTower, tmp_path: Path) -> None:
    path = tmp_path / "test.parquet"
    pq.write_table(interactions(TEST[:4]).table, path)
    files = InteractionFiles(path, user="user", item="item")
    with pytest.warns(UserWarning, match="even if the user has them in other rows"):
        logs = model.evaluate(files, exclude=interactions(TRAIN), verbose=0)
    own = [
        oracle.evaluate(scores_of(model), [row], TRAIN, k=1)["recall"]
        for row in TEST[:4]  # type: ignore[index]
    ]
    assert logs["recall_at_1"] == pytest.approx(np.mean(own), abs=1e-6)


def test_options_of_tables_are_refused_for_batches(model: TwoTower) -> None:
    batches = [np.zeros(1)]
    with pytest.raises(
        ArgumentError, match="exclude must be given with a table or files, got data of type list"
    ):
        model.evaluate(batches, exclude=interactions(TRAIN))
    with pytest.raises(ArgumentError, match="weighted=False must be given with a table or files"):
        model.evaluate(batches, weighted=False)


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_invalid_weights_of_test_rows_are_refused(weight: float, model: TwoTower) -> None:
    test = interactions(TEST, [1.0, 1.0, weight, 1.0, 1.0])
    with pytest.raises(
        sl.errors.DataError, match=r"'sample_weight' must be finite and >= 0, got .* in row 3"
    ):
        evaluate(model.build_index(), test)
    evaluate(model.build_index(), test, weighted=False)


def test_exclusions_of_another_kind_of_id_are_refused(model: TwoTower) -> None:
    other = Interactions.from_table({"user": [1], "item": [2]}, user="user", item="item")
    with pytest.raises(ArgumentError, match="exclude must hold user ids of kind str.*got int64"):
        model.evaluate(interactions(TEST), exclude=other)
