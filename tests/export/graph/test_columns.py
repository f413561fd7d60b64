"""Columns in a graph: what they take, what they refuse, and that their tables are tracked."""

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import Buckets, Categories, Category, Number, Text, Vocabulary

if keras.config.backend() != "tensorflow":
    pytest.skip("graphs are TensorFlow's", allow_module_level=True)

import tensorflow as tf

from shortlist.export import ColumnGraphEncoder, to_graph
from shortlist.export.graph import FeatureGraphEncoder

GENRES = Categories("c", 2, Vocabulary(["a", "b"]))
CATEGORY = Category("c", Vocabulary([5, 6]))
NUMBER = Number("c", mean=0.0, std=1.0)
TEXT = Text("c", max_length=2, vocabulary=Vocabulary(["a", "b"]))


def test_lists_are_cut_and_padded():
    encode = to_graph(GENRES)
    expected = [[2, 0], [-1, -1], [1, -1]]
    ragged = tf.ragged.constant([["b", "?", "a"], [], ["a"]])
    assert encode(ragged).numpy().tolist() == expected
    assert encode(ragged.to_tensor()).numpy().tolist() == expected
    assert encode(tf.constant([["b"], [""]])).numpy().tolist() == [[2, -1], [-1, -1]]
    assert tf.function(encode).get_concrete_function(
        tf.TensorSpec([None, None], tf.string)
    ).output_shapes == [None, 2]


def test_lists_of_integers_may_be_ragged_or_of_32_bits():
    encode = to_graph(Categories("c", 3, Vocabulary([7, 8])))
    ragged = tf.ragged.constant([[8, 9], []], dtype=tf.int64)
    assert encode(ragged).numpy().tolist() == [[2, 0, -1], [-1, -1, -1]]
    assert encode(tf.constant([[8, -1]], tf.int32)).numpy().tolist() == [[2, -1, -1]]


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        (CATEGORY, [6, 5, 1], [2, 1, 0]),
        (Number("c", 2.0, 4.0, is_integer=True), [2, 6, -2], [0, 1, -1]),
        (Buckets("c", edges=(2.0, 5.0), is_integer=True), [2, 1, 9], [1, 0, 2]),
        (Buckets("c", edges=(), is_integer=True), [2, 1, 9], [0, 0, 0]),
    ],
)
def test_a_batch_with_and_without_a_last_axis(column, values, expected, shape):
    encode, values = to_graph(column), tf.reshape(tf.constant(values), shape)
    assert encode(values).numpy().tolist() == expected
    unknown = tf.TensorSpec([None] * len(shape), tf.int32)
    assert tf.function(encode, input_signature=[unknown])(values).numpy().tolist() == expected


def test_booleans_are_the_integers_0_and_1():
    flag = Category("c").fit([True, False])
    assert to_graph(flag)(tf.constant([False, True])).numpy().tolist() == [2, 1]
    flags = Categories("c").fit([[True, False]])
    assert to_graph(flags)(tf.constant([[False, True], [True, True]])).numpy().tolist() == [[2, 1], [1, 1]]


def test_nan_passes_as_documented():
    nan = tf.constant([np.nan], tf.float64)
    assert np.isnan(to_graph(NUMBER)(nan).numpy()).all()
    assert to_graph(Buckets("c", edges=(1.0, 2.0)))(nan).numpy().tolist() == [2]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (CATEGORY, tf.zeros((2, 1, 1), tf.int64), r"got \(2, 1, 1\)"),
        (CATEGORY, tf.zeros((2, 3), tf.int64), r"got \(2, 3\)"),
        (CATEGORY, tf.constant(["a"]), "string"),
        (GENRES, tf.constant(["a"]), r"got \(1,\)"),
        (NUMBER, tf.constant(["1"]), "values must be integers or floats, got string"),
        (TEXT, tf.constant([[["a"]]]), r"got \(1, 1, 1\)"),
        (TEXT, tf.constant([1]), "values must be text, got int32"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_name(column, values, message):
    encode = FeatureGraphEncoder([column])
    with pytest.raises(FeatureError, match=f"column 'c': .*{message}"):
        encode({"c": values})
    with pytest.raises(FeatureError, match=r"features must have the column 'c', got \['d'\]"):
        encode({"d": values})


def test_the_signature_names_shapes_and_types():
    encode = FeatureGraphEncoder(
        [
            Category("id", Vocabulary([5])),
            Categories("genres", 2, Vocabulary(["a"])),
            Text("title", vocabulary=Vocabulary(["a"])),
            Number("year", mean=0.0, std=1.0),
            Buckets("time", edges=(1.0,), is_integer=True),
        ]
    )
    assert {
        name: (spec.shape.as_list(), spec.dtype.name) for name, spec in encode.input_signature().items()
    } == {
        "id": ([None], "int64"),
        "genres": ([None, None], "string"),
        "title": ([None], "string"),
        "year": ([None], "float64"),
        "time": ([None], "int64"),
    }


def test_a_class_without_a_graph_encoder_is_refused_until_one_is_registered():
    class Doubled:
        column = "c"

    with pytest.raises(ArgumentError, match=r"column class Doubled .*to_graph\.register\(Doubled\)"):
        to_graph(Doubled())

    @to_graph.register(Doubled)
    class DoubledGraphEncoder(ColumnGraphEncoder):
        raw_shape, raw_dtype = (None,), tf.float64

        def __init__(self, column):
            super().__init__()

        def __call__(self, values):
            return 2 * values

    encode = FeatureGraphEncoder([Doubled()])
    assert encode({"c": tf.constant([1.5])})["c"].numpy().tolist() == [3.0]
