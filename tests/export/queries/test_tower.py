"""Raw features reach a tower in a graph as they reach it on the host."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from shortlist.errors import FeatureError
from shortlist.export.queries._tower import TowerQueries
from shortlist.features import Buckets, Categories, Category, Number, Text
from shortlist.models import Tower

COLUMNS = (
    Category("user_id").fit(["ann", "bob"]),
    Categories("genres").fit([["Drama", "War"], ["Drama"]]),
    Text("title").fit(["The Rock", "Heat"]),
    Number("age").fit([20, 30, 50]),
    Number("height").fit([1.5, 1.75]),
    Buckets("time", num_buckets=3).fit([1.0, 2.0, 3.0, 4.0]),
)


@pytest.fixture(scope="module")
def tower() -> Tower:
    keras.utils.set_random_seed(0)
    tower = Tower(COLUMNS, embedding_dim=4, hidden_units=[5])
    tower(tower.prepare(TowerQueries(tower).examples()))
    return tower


def as_tensors(queries, features) -> dict:
    return {name: tf.constant(features[name], spec.dtype) for name, spec in queries.input_signature().items()}


def test_vectors_equal_those_of_the_host(tower):
    queries = TowerQueries(tower)
    examples = queries.examples()
    expected = tower(tower.prepare(queries.as_queries(examples)))
    np.testing.assert_allclose(queries(as_tensors(queries, examples)), expected, atol=1e-6)


def test_inputs_are_the_features_and_open_where_there_is_one_value_a_row(tower):
    signature = TowerQueries(tower).input_signature()
    assert {name: spec.dtype.name for name, spec in signature.items()} == {
        "user_id": "string",
        "genres": "string",
        "title": "string",
        "age": "int64",
        "height": "float64",
        "time": "float64",
    }
    assert {name for name, spec in signature.items() if spec.shape.rank is not None} == {"genres"}


def test_given_examples_are_tried(tower):
    given = {name: values[:2] for name, values in TowerQueries(tower).examples().items()}
    examples = TowerQueries(tower, {**given, "more": [1, 2]}).examples()
    assert {name: values.tolist() for name, values in examples.items()} == {
        name: values.tolist() for name, values in given.items()
    }


def test_the_values_alone_are_examples_of_one_column():
    tower = Tower([COLUMNS[0]], embedding_dim=4)
    assert TowerQueries(tower, ["bob"]).examples()["user_id"].tolist() == ["bob"]


def test_a_missing_feature_among_examples_is_named(tower):
    with pytest.raises(FeatureError, match="'genres'"):
        TowerQueries(tower, {"user_id": ["ann"]}).examples()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_no_number_is_refused_by_the_graph(tower, wrong):
    queries = TowerQueries(tower)
    features = as_tensors(queries, queries.examples())
    features["height"] = tf.fill(features["height"].shape, tf.constant(wrong, tf.float64))
    with pytest.raises(tf.errors.InvalidArgumentError, match="'height': expected finite numbers"):
        queries(features)
