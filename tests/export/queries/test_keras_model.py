"""Inputs of the user's own query models."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from shortlist.errors import ArgumentError
from shortlist.export.queries._keras_model import KerasQueries
from shortlist.features import Lookup, Vocabulary


class Free(keras.layers.Layer):
    """A layer that does not tell what it takes."""

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs["age"] if isinstance(inputs, dict) else inputs)


def of_lookup(ids) -> keras.Sequential:
    lookup = Lookup(Vocabulary(ids))
    return keras.Sequential([lookup, keras.layers.Embedding(lookup.num_rows, 4)])


def dtypes(queries) -> dict[str, str]:
    return {name: spec.dtype.name for name, spec in queries.input_signature().items()}


def shapes(queries) -> dict:
    return {
        name: spec.shape.rank and spec.shape.as_list() for name, spec in queries.input_signature().items()
    }


@pytest.mark.parametrize(
    ("ids", "dtype"), [(["a", "b"], "string"), ([b"a"], "string"), ([2**40, 1], "int64")]
)
@pytest.mark.parametrize("is_built", [False, True])
def test_a_lookup_at_the_front_tells_the_input(ids, dtype, is_built):
    model = of_lookup(ids)
    if is_built:
        model(tf.constant(ids[:1]))
    queries = KerasQueries(model)
    assert (dtypes(queries), shapes(queries)) == ({"queries": dtype}, {"queries": None})
    examples = queries.examples()
    assert ids[0] in examples["queries"].tolist()
    assert queries.as_queries(examples) is examples["queries"]
    expected = model(tf.constant(ids[:1]))
    for shape in [(1,), (1, 1)]:
        got = queries({"queries": tf.reshape(tf.constant(ids[:1]), shape)})
        np.testing.assert_array_equal(got, expected)


def test_keras_own_string_lookup_tells_the_input_once_built():
    model = keras.Sequential([keras.layers.StringLookup(vocabulary=["a"]), keras.layers.Embedding(2, 4)])
    with pytest.raises(ArgumentError, match="pass example_inputs"):
        KerasQueries(model)
    model(tf.constant(["a"]))
    assert dtypes(KerasQueries(model)) == {"queries": "string"}
    assert KerasQueries(model).examples()["queries"].tolist() == [""] * 5


def test_a_functional_model_tells_its_inputs_by_name():
    user = keras.Input((), dtype="int64", name="user")
    age = keras.Input((1,), name="age")
    taste = keras.Input((3,), name="taste")
    vector = keras.layers.Concatenate()([keras.layers.Embedding(5, 4)(user), age, taste])
    queries = KerasQueries(keras.Model({"user": user, "age": age, "taste": taste}, vector))
    assert dtypes(queries) == {"user": "int64", "age": "float32", "taste": "float32"}
    assert shapes(queries) == {"user": None, "age": None, "taste": [None, 3]}
    got = queries(
        {
            "user": tf.constant([[1]], tf.int64),
            "age": tf.constant([2.0]),
            "taste": tf.constant([[3.0, 4.0, 5.0]]),
        }
    )
    assert got.numpy()[0, 4:].tolist() == [2, 3, 4, 5]


@pytest.mark.parametrize(("name", "expected"), [("user_id", "user_id"), (None, "queries")])
def test_the_one_input_keeps_the_name_that_it_was_given(name, expected):
    inputs = keras.Input((3,), name=name)
    assert set(shapes(KerasQueries(keras.Model(inputs, keras.layers.Dense(2)(inputs))))) == {expected}


@pytest.mark.parametrize(
    ("examples", "dtype", "shape"),
    [
        ({"age": np.float32([[1, 2]])}, {"age": "float32"}, {"age": [None, 2]}),
        (np.float32([[1, 2, 3]]), {"queries": "float32"}, {"queries": [None, 3]}),
        ([[1.5]], {"queries": "float64"}, {"queries": None}),
        (
            {"age": [1, 2], "name": ["a", "b\0"]},
            {"age": "int64", "name": "string"},
            {"age": None, "name": None},
        ),
        ({"raw": np.array([["a"]])}, {"raw": "string"}, {"raw": None}),
    ],
)
def test_examples_tell_the_inputs_of_a_free_layer(examples, dtype, shape):
    queries = KerasQueries(Free(), examples)
    assert (dtypes(queries), shapes(queries)) == (dtype, shape)
    values = examples if isinstance(examples, dict) else {"queries": examples}
    assert {name: array.tolist() for name, array in queries.examples().items()} == {
        name: np.array(value, dtype=object).tolist() for name, value in values.items()
    }


def test_examples_take_the_form_in_which_the_layer_was_given_them():
    features = {"age": np.float32([[1, 2]])}
    assert KerasQueries(Free(), features).as_queries(features) == features
    assert KerasQueries(Free(), features["age"]).as_queries({"queries": features["age"]}) is features["age"]


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_a_layer_that_takes_columns_is_given_columns(shape):
    queries = KerasQueries(Free(), np.float32([[1], [2]]))
    assert queries({"queries": tf.reshape(tf.constant([1.0, 2.0, 3.0]), shape)}).shape == (3, 2)


def test_a_free_layer_without_examples_is_refused():
    with pytest.raises(
        ArgumentError, match=r"\(Free\) must take one tensor .* got unknown inputs.*pass example_inputs"
    ):
        KerasQueries(Free())


def test_inputs_in_a_list_are_refused():
    inputs = [keras.Input((2,)), keras.Input((2,))]
    model = keras.Model(inputs, keras.layers.Add()(inputs))
    with pytest.raises(ArgumentError, match="a list without names"):
        KerasQueries(model)


@pytest.mark.parametrize("examples", [[], np.zeros((0, 2)), 3, {"age": []}], ids=str)
def test_examples_without_a_row_are_refused(examples):
    with pytest.raises(ArgumentError, match="at least one row"):
        KerasQueries(Free(), examples)
