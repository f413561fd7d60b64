"""Columns in a graph: what they take, what they refuse, and that their tables are tracked."""

import numpy as np
import pytest
import tensorflow as tf

from shortlist.backend.tensorflow._encode import (
    BucketsGraphEncoder,
    CategoriesGraphEncoder,
    CategoryGraphEncoder,
    GraphEncoder,
    NumberGraphEncoder,
    TextGraphEncoder,
)
from shortlist.errors import FeatureError

GENRES = np.array(["a", "b"], dtype=object)


def test_lists_are_cut_and_filled_up():
    encode = CategoriesGraphEncoder(GENRES, 2)
    expected = [[2, 0], [-1, -1], [1, -1]]
    ragged = tf.ragged.constant([["b", "?", "a"], [], ["a"]])
    assert encode(ragged).numpy().tolist() == expected
    assert encode(ragged.to_tensor()).numpy().tolist() == expected
    assert encode(tf.constant([["b"], [""]])).numpy().tolist() == [[2, -1], [-1, -1]]
    assert tf.function(encode).get_concrete_function(
        tf.TensorSpec([None, None], tf.string)
    ).output_shapes == [None, 2]


def test_lists_of_integers_may_be_ragged_or_of_32_bits():
    encode = CategoriesGraphEncoder(np.array([7, 8]), 3)
    assert encode(tf.ragged.constant([[8, 9], []], dtype=tf.int64)).numpy().tolist() == [
        [2, 0, -1],
        [-1, -1, -1],
    ]
    assert encode(tf.constant([[8, -1]], tf.int32)).numpy().tolist() == [[2, -1, -1]]


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
@pytest.mark.parametrize(
    ("encode", "values", "expected"),
    [
        (CategoryGraphEncoder(np.array([5, 6])), [6, 5, 1], [2, 1, 0]),
        (NumberGraphEncoder(2.0, 4.0, is_integer=True), [2, 6, -2], [0, 1, -1]),
        (BucketsGraphEncoder([2.0, 5.0], is_integer=True), [2, 1, 9], [1, 0, 2]),
        (BucketsGraphEncoder([], is_integer=True), [2, 1, 9], [0, 0, 0]),
    ],
)
def test_a_batch_with_and_without_a_last_axis(encode, values, expected, shape):
    values = tf.reshape(tf.constant(values), shape)
    assert encode(values).numpy().tolist() == expected
    unknown = tf.TensorSpec([None] * len(shape), tf.int32)
    assert tf.function(encode, input_signature=[unknown])(values).numpy().tolist() == expected


def test_nan_passes_as_documented():
    nan = tf.constant([np.nan], tf.float64)
    assert np.isnan(NumberGraphEncoder(0.0, 1.0, is_integer=False)(nan).numpy()).all()
    assert BucketsGraphEncoder([1.0, 2.0], is_integer=False)(nan).numpy().tolist() == [2]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (CategoryGraphEncoder(np.array([5])), tf.zeros((2, 1, 1), tf.int64), r"shape \(2, 1, 1\)"),
        (CategoryGraphEncoder(np.array([5])), tf.zeros((2, 3), tf.int64), r"shape \(2, 3\)"),
        (CategoryGraphEncoder(np.array([5])), tf.constant(["a"]), "ids must be int64, .*, got string"),
        (CategoriesGraphEncoder(GENRES, 2), tf.constant(["a"]), r"shape \(1,\)"),
        (NumberGraphEncoder(0.0, 1.0, is_integer=False), tf.constant(["1"]), "got string values"),
        (TextGraphEncoder(GENRES, 2, " "), tf.constant([[["a"]]]), r"shape \(1, 1, 1\)"),
        (TextGraphEncoder(GENRES, 2, " "), tf.constant([1]), "got int32 values, expected text"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_name(column, values, message):
    with pytest.raises(FeatureError, match=f"column 'c': .*{message}"):
        GraphEncoder({"c": column})({"c": values})
    with pytest.raises(FeatureError, match=r"got features \['d'\], expected 'c'"):
        GraphEncoder({"c": column})({"d": values})


def test_the_signature_names_shapes_and_types():
    encode = GraphEncoder(
        {
            "id": CategoryGraphEncoder(np.array([5])),
            "genres": CategoriesGraphEncoder(GENRES, 2),
            "title": TextGraphEncoder(GENRES, 2, " "),
            "year": NumberGraphEncoder(0.0, 1.0, is_integer=False),
            "time": BucketsGraphEncoder([1.0], is_integer=True),
        }
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
