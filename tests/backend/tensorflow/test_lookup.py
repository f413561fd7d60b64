"""Rows in a graph equal those on the host."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from shortlist.backend.tensorflow._lookup import RowsGraphEncoder
from shortlist.errors import FeatureError

INT64 = st.integers(-(2**63), 2**63 - 1)


def array_of(ids):
    return np.array(ids, dtype=np.int64 if isinstance(ids[0], int) else object)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_rows_equal_a_search(data):
    ids = data.draw(st.sampled_from([st.text(max_size=4), st.binary(max_size=4), INT64]))
    known = data.draw(st.lists(ids, min_size=1, max_size=10, unique=True))
    asked = data.draw(st.lists(ids | st.sampled_from(known), min_size=1, max_size=10))
    rows = RowsGraphEncoder(array_of(known))(tf.constant(array_of(asked)))
    assert rows.dtype == tf.int32
    assert rows.numpy().tolist() == [known.index(id_) + 1 if id_ in known else 0 for id_ in asked]


def test_shapes_and_ragged():
    table = RowsGraphEncoder(np.array([5, 6]))
    assert table(tf.constant([[6], [7]])).numpy().tolist() == [[2], [0]]
    assert table(tf.ragged.constant([[6, 5], []], dtype=tf.int64)).to_list() == [[2, 1], []]


@pytest.mark.parametrize("dtype", [tf.int8, tf.uint8, tf.int32, tf.uint32, tf.int64])
def test_integers_of_every_width(dtype):
    assert RowsGraphEncoder(np.array([5, 6]))(tf.constant([6, 7], dtype)).numpy().tolist() == [2, 0]


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        (np.array([5]), tf.constant(["5"])),
        (np.array([5]), tf.constant([5.0])),
        (np.array([5]), tf.constant([5], tf.uint64)),
        (np.array(["5"], dtype=object), tf.constant([5])),
    ],
)
def test_another_type_is_refused_while_tracing(known, asked):
    with pytest.raises(FeatureError, match="ids must be .*, as in the vocabulary, got"):
        tf.function(RowsGraphEncoder(known), autograph=False).get_concrete_function(asked)
