"""Ids of candidates survive a graph, whatever they are."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from shortlist.export._candidate_ids import CandidateIds

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), min_size=1, unique=True)
BYTES = st.lists(st.binary(max_size=4), min_size=1, unique=True)
CLOSE = st.lists(st.integers(0, 30), min_size=9, unique=True)
INTEGERS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, unique=True)


def check(ids: list, as_tensor: list, dtype) -> None:
    graph_fn = CandidateIds(np.array(ids, dtype=dtype))
    rows = list(range(len(ids)))
    assert graph_fn.of_rows(tf.constant([rows], tf.int32)).numpy().tolist() == [as_tensor]
    assert graph_fn.rows(tf.constant(np.array([ids], dtype=dtype))).numpy().tolist() == [rows]


@given(TEXTS)
def test_text_comes_back_as_utf8(ids):
    check(ids, [text.encode() for text in ids], object)


@given(BYTES)
def test_bytes_come_back_as_they_went_in(ids):
    check(ids, ids, object)


@given(INTEGERS)
def test_every_int64_comes_back(ids):
    check(ids, ids, "int64")


@given(CLOSE, st.sampled_from([-(2**63), -20, 0, 10**12, 2**63 - 31]), st.integers(-(2**63), 2**63 - 1))
def test_integers_that_lie_close_together(numbers, first, other):
    ids = [first + number for number in numbers]
    check(ids, ids, "int64")
    asked = [other, -(2**63), 2**63 - 1, max(first - 1, -(2**63)), min(first + 31, 2**63 - 1)]
    rows = CandidateIds(np.array(ids)).rows(tf.constant(asked, tf.int64)).numpy().tolist()
    assert rows == [ids.index(id_) if id_ in ids else -1 for id_ in asked]


@pytest.mark.parametrize(
    ("ids", "is_hashed"),
    [
        (np.arange(-50, 50), False),
        (np.arange(100) * 3 + 2**40, False),
        (np.arange(100) * 30, True),
        (np.array([0, 2**63 - 2]), True),
        (np.array(["a", "b"], dtype=object), True),
    ],
)
def test_only_integers_that_lie_close_together_are_looked_up_without_a_hash(ids, is_hashed):
    graph_fn = CandidateIds(ids)
    asked = tf.TensorSpec((None,), graph_fn.dtype)
    traced = tf.function(graph_fn.rows).get_concrete_function(asked)
    assert ("LookupTableFindV2" in {node.op for node in traced.graph.as_graph_def().node}) is is_hashed
    assert max(np.prod(variable.shape) for variable in graph_fn.variables) <= 4 * len(ids) + 1


def test_unknown_ids_have_no_row_and_no_row_has_the_padding():
    text = CandidateIds(np.array(["a", "b"], dtype=object))
    assert text.rows(tf.constant(["b", "", "c"])).numpy().tolist() == [1, -1, -1]
    assert text.of_rows(tf.constant([-1, 0])).numpy().tolist() == [b"", b"a"]
    numbers = CandidateIds(np.array([30, 10]))
    assert numbers.rows(tf.constant([10, -1], tf.int64)).numpy().tolist() == [1, -1]
    assert numbers.of_rows(tf.constant([-1, 0])).numpy().tolist() == [-1, 30]
