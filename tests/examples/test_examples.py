"""Each example runs, on a slice of MovieLens, and ends with a number that makes sense."""

import dataclasses
import importlib.util
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest

import shortlist as sl

EXAMPLES = Path(__file__).parents[2] / "examples"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def a_slice(movielens_directory: Path) -> sl.data.Dataset:
    """A tenth of the ratings; every user and every movie stays."""
    dataset = sl.data.load_movielens("100k", movielens_directory)
    rows = np.arange(0, len(dataset.interactions), 10)
    return dataclasses.replace(dataset, interactions=dataset.interactions.take(rows))


def test_each_example_has_its_test() -> None:
    numbered = {path.stem for path in EXAMPLES.glob("[0-9]*.py")}
    tested = {"01_retrieval", "02_context_features", "03_ranking", "04_multi_task", "05_serving"}
    assert numbered == tested


@pytest.mark.filterwarnings("ignore:.* unknown to this model")
@pytest.mark.parametrize(("name", "epochs"), [("01_retrieval", 20), ("02_context_features", 4)])
def test_retrieval_finds_more_than_chance(name: str, epochs: int, a_slice: sl.data.Dataset) -> None:
    metrics = load(name).main(a_slice, epochs=epochs)
    assert metrics["recall_at_100"] > 2 * 100 / 1682


def test_ranking_rates_better_than_the_spread_of_the_ratings(a_slice: sl.data.Dataset) -> None:
    rmse = load("03_ranking").main(a_slice, epochs=15)
    assert rmse < a_slice.interactions.ratings.std()


def test_multi_task_does_both(a_slice: sl.data.Dataset) -> None:
    metrics = load("04_multi_task").main(a_slice, epochs=8)
    assert metrics["recall_at_100"] > 2 * 100 / 1682
    assert metrics["rmse"] < a_slice.interactions.ratings.std()


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="exports are made under TensorFlow")
def test_serving_finds_more_than_chance(a_slice: sl.data.Dataset) -> None:
    assert load("05_serving").main(a_slice, epochs=20) > 2 * 10 / 1682


def test_serving_refuses_other_backends_before_it_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("tensorflow", reason="the example imports TensorFlow")
    monkeypatch.setattr("keras.config.backend", lambda: "jax")
    with pytest.raises(SystemExit, match="run this example with KERAS_BACKEND=tensorflow"):
        load("05_serving").main(None)  # no data: nothing is looked at before
