"""Ids of candidates survive a graph, whatever they are."""

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from shortlist.export.candidate_ids import CandidateIds

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), min_size=1, unique=True)
BYTES = st.lists(st.binary(max_size=4), min_size=1, unique=True)
INTEGERS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, unique=True)


def check(ids: list, as_tensor: list, dtype) -> None:
    in_graph = CandidateIds(np.array(ids, dtype=dtype))
    rows = list(range(len(ids)))
    assert in_graph.of_rows(tf.constant([rows], tf.int32)).numpy().tolist() == [as_tensor]
    assert in_graph.rows(tf.constant(np.array([ids], dtype=dtype))).numpy().tolist() == [rows]


@given(TEXTS)
def test_text_comes_back_as_utf8(ids):
    check(ids, [text.encode() for text in ids], object)


@given(BYTES)
def test_bytes_come_back_as_they_went_in(ids):
    check(ids, ids, object)


@given(INTEGERS)
def test_every_int64_comes_back(ids):
    check(ids, ids, "int64")


def test_unknown_ids_have_no_row_and_no_row_has_the_padding():
    text = CandidateIds(np.array(["a", "b"], dtype=object))
    assert text.rows(tf.constant(["b", "", "c"])).numpy().tolist() == [1, -1, -1]
    assert text.of_rows(tf.constant([-1, 0])).numpy().tolist() == [b"", b"a"]
    numbers = CandidateIds(np.array([30, 10]))
    assert numbers.rows(tf.constant([10, -1], tf.int64)).numpy().tolist() == [1, -1]
    assert numbers.of_rows(tf.constant([-1, 0])).numpy().tolist() == [-1, 30]
