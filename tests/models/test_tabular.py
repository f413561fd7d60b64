"""A user's model of tables: a regression of ratings, with NumPy as the oracle."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import shortlist as sl
from shortlist.data import InteractionFiles, Interactions
from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import Categories, Category, FeatureEncoder, Number
from shortlist.models import TabularModel, load_model

TABLE = {
    "user": ["ann", "bob", "ann", "eve", "bob", "ann"],
    "film": [1, 2, 3, 1, 3, 2],
    "stars": [4.0, 2.0, 5.0, 1.0, 3.0, 3.0],
}
WEIGHTS = [1.0, 0.0, 2.0, 0.5, 1.0, 3.0]


@keras.saving.register_keras_serializable(package="tests")
class Ratings(TabularModel):
    def __init__(self, columns: Any, **kwargs: Any) -> None:
        super().__init__(columns, **kwargs)
        *inputs, self.label = columns
        self.encoder = FeatureEncoder(inputs, embedding_dim=2)
        self.head = keras.layers.Dense(1)
        self.task = sl.tasks.Ranking("MeanSquaredError")

    def call(self, inputs: Any) -> Any:
        return self.head(self.encoder(inputs))

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        weights = inputs.get("sample_weight")
        return self.task(inputs[self.label.column], self(inputs), sample_weight=weights)


def compiled(**options: Any) -> Ratings:
    keras.utils.set_random_seed(2)
    columns = [Category("user"), Category("film"), Number("stars")]
    model = Ratings([column.fit(TABLE[column.column]) for column in columns], **options)
    model.compile(keras.optimizers.Adam(0.1))
    return model


def predicted(model: Ratings) -> np.ndarray:
    """Rows of each vocabulary follow the first appearance, from 1."""
    users, films = (np.asarray(weight) for weight in model.encoder.get_weights())
    kernel, bias = model.head.get_weights()
    user_row, film_row = {"ann": 1, "bob": 2, "eve": 3}, {1: 1, 2: 2, 3: 3}
    features = np.concatenate(
        [users[[user_row[one] for one in TABLE["user"]]], films[[film_row[one] for one in TABLE["film"]]]], 1
    )
    return features @ kernel + bias


def oracle_loss(model: Ratings, weights: Any = None) -> float:
    stars = np.array(TABLE["stars"])
    labels = (stars - stars.mean()) / stars.std()
    errors = (predicted(model)[:, 0] - labels) ** 2
    return float((errors * (1 if weights is None else np.array(weights))).mean())


def files(folder: Path) -> InteractionFiles:
    pl.DataFrame(TABLE).write_parquet(folder / "rows.parquet")
    return InteractionFiles(folder / "rows.parquet", user="user", item="film")


@pytest.mark.contract
@pytest.mark.parametrize("kind", [dict, pa.table, pl.DataFrame, "interactions", "files"])
def test_tables_of_any_kind_equal_the_oracle(kind: Any, tmp_path: Path) -> None:
    data: Any
    if kind == "files":
        data = files(tmp_path)
    elif kind == "interactions":
        data = Interactions.from_table(TABLE, user="user", item="film")
    else:
        data = kind(TABLE)
    model = compiled()
    history = model.fit(data, validation_data=data, epochs=3, batch_size=4, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    loss = model.evaluate(data, batch_size=6, verbose=0)["loss"]
    assert loss == pytest.approx(oracle_loss(model), rel=1e-4)
    assert history["val_loss"][-1] == pytest.approx(loss, rel=1e-4)


@pytest.mark.contract
def test_weights_are_a_column() -> None:
    model = compiled()
    loss = model.evaluate(TABLE | {"sample_weight": WEIGHTS}, verbose=0)["loss"]
    assert loss == pytest.approx(oracle_loss(model, WEIGHTS), rel=1e-4)


@pytest.mark.contract
def test_predictions_come_in_the_order_of_the_rows(tmp_path: Path) -> None:
    model = compiled()
    found = model.predict(TABLE, batch_size=4, verbose=0)
    np.testing.assert_allclose(found, predicted(model), rtol=1e-4, atol=1e-6)
    with pytest.raises(ArgumentError, match="x must be in memory, since rows of files are shuffled"):
        model.predict(files(tmp_path))


@pytest.mark.contract
def test_a_saved_model_encodes_raw_tables(tmp_path: Path) -> None:
    model = compiled()
    model.fit(TABLE, epochs=1, batch_size=4, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        loaded.predict(TABLE, verbose=0), model.predict(TABLE, verbose=0), rtol=1e-5, atol=1e-6
    )
    losses = [
        one.fit(TABLE, epochs=2, initial_epoch=1, batch_size=4, verbose=0).history for one in (model, loaded)
    ]
    assert losses[0]["loss"] == pytest.approx(losses[1]["loss"], rel=1e-5)


@pytest.mark.contract
def test_a_model_without_vocabularies_is_saved(tmp_path: Path) -> None:
    columns = [Number("film").fit(TABLE["film"]), Number("stars").fit(TABLE["stars"])]
    model = Ratings(columns)
    model.compile("sgd")
    model.fit(TABLE, verbose=0)
    model.save(tmp_path / "model.keras")
    found = load_model(tmp_path / "model.keras").predict(TABLE, verbose=0)
    np.testing.assert_allclose(found, model.predict(TABLE, verbose=0), rtol=1e-5)


@pytest.mark.contract
def test_lists_are_encoded_too() -> None:
    table = TABLE | {"tags": [["a"], ["b", "a"], [], ["a"], ["b"], ["b"]]}
    columns = [Categories("tags").fit(table["tags"]), Number("stars").fit(table["stars"])]
    model = Ratings(columns)
    model.compile("sgd")
    assert np.isfinite(model.fit(table, verbose=0).history["loss"]).all()


@pytest.mark.contract
def test_what_does_not_fit_tables_is_refused() -> None:
    model = compiled()
    for options in ({"y": np.ones(6)}, {"sample_weight": np.ones(6)}, {"class_weight": {0: 1.0}}):
        (name,) = options
        with pytest.raises(ArgumentError, match=f"^{name} of fit must be None for tables of features"):
            model.fit(TABLE, **options)
    with pytest.raises(FeatureError, match="stars"):
        model.fit({"user": ["ann"], "film": [1]})
    with pytest.raises(ArgumentError, match="batch_size"):
        model.evaluate(TABLE, batch_size=0)

    class WithoutCall(TabularModel):
        pass

    with pytest.raises(ArgumentError, match=r"WithoutCall must define call\(self, inputs\) for predict"):
        WithoutCall(model.columns).predict(TABLE)
