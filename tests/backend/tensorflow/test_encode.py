"""Columns in a graph: what they take, what they refuse, and that their tables are tracked."""

import numpy as np
import pytest
import tensorflow as tf

from shortlist.backend.tensorflow.encode import (
    BucketsInGraph,
    CategoriesInGraph,
    CategoryInGraph,
    EncoderInGraph,
    NumberInGraph,
    TextInGraph,
)
from shortlist.errors import FeatureError

GENRES = np.array(["a", "b"], dtype=object)


def test_lists_are_cut_and_filled_up():
    encode = CategoriesInGraph(GENRES, 2)
    expected = [[2, 0], [-1, -1], [1, -1]]
    ragged = tf.ragged.constant([["b", "?", "a"], [], ["a"]])
    assert encode(ragged).numpy().tolist() == expected
    assert encode(ragged.to_tensor()).numpy().tolist() == expected
    assert encode(tf.constant([["b"], [""]])).numpy().tolist() == [[2, -1], [-1, -1]]
    assert tf.function(encode).get_concrete_function(
        tf.TensorSpec([None, None], tf.string)
    ).output_shapes == [None, 2]


def test_lists_of_integers_may_be_ragged_or_of_32_bits():
    encode = CategoriesInGraph(np.array([7, 8]), 3)
    assert encode(tf.ragged.constant([[8, 9], []], dtype=tf.int64)).numpy().tolist() == [
        [2, 0, -1],
        [-1, -1, -1],
    ]
    assert encode(tf.constant([[8, -1]], tf.int32)).numpy().tolist() == [[2, -1, -1]]


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
@pytest.mark.parametrize(
    ("encode", "values", "expected"),
    [
        (CategoryInGraph(np.array([5, 6])), [6, 5, 1], [2, 1, 0]),
        (NumberInGraph(2.0, 4.0, is_integer=True), [2, 6, -2], [0, 1, -1]),
        (BucketsInGraph([2.0, 5.0], is_integer=True), [2, 1, 9], [1, 0, 2]),
        (BucketsInGraph([], is_integer=True), [2, 1, 9], [0, 0, 0]),
    ],
)
def test_a_batch_with_and_without_a_last_axis(encode, values, expected, shape):
    values = tf.reshape(tf.constant(values), shape)
    assert encode(values).numpy().tolist() == expected
    unknown = tf.TensorSpec([None] * len(shape), tf.int32)
    assert tf.function(encode, input_signature=[unknown])(values).numpy().tolist() == expected


def test_nan_passes_as_documented():
    nan = tf.constant([np.nan], tf.float64)
    assert np.isnan(NumberInGraph(0.0, 1.0, is_integer=False)(nan).numpy()).all()
    assert BucketsInGraph([1.0, 2.0], is_integer=False)(nan).numpy().tolist() == [2]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (CategoryInGraph(np.array([5])), tf.zeros((2, 1, 1), tf.int64), r"shape \(2, 1, 1\)"),
        (CategoryInGraph(np.array([5])), tf.zeros((2, 3), tf.int64), r"shape \(2, 3\)"),
        (CategoryInGraph(np.array([5])), tf.constant(["a"]), "got ids of string"),
        (CategoriesInGraph(GENRES, 2), tf.constant(["a"]), r"shape \(1,\)"),
        (NumberInGraph(0.0, 1.0, is_integer=False), tf.constant(["1"]), "got string values"),
        (TextInGraph(GENRES, 2, " "), tf.constant([[["a"]]]), r"shape \(1, 1, 1\)"),
        (TextInGraph(GENRES, 2, " "), tf.constant([1]), "got int32 values, expected text"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_name(column, values, message):
    with pytest.raises(FeatureError, match=f"column 'c': .*{message}"):
        EncoderInGraph({"c": column})({"c": values})
    with pytest.raises(FeatureError, match=r"got features \['d'\], expected 'c'"):
        EncoderInGraph({"c": column})({"d": values})


def test_the_signature_names_shapes_and_types():
    encode = EncoderInGraph(
        {
            "id": CategoryInGraph(np.array([5])),
            "genres": CategoriesInGraph(GENRES, 2),
            "title": TextInGraph(GENRES, 2, " "),
            "year": NumberInGraph(0.0, 1.0, is_integer=False),
            "time": BucketsInGraph([1.0], is_integer=True),
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
