"""Values as text to the bits that rows must have, beside the bits of the host."""

import numpy as np
import pytest
import tensorflow as tf

from shortlist.errors import ArgumentError
from shortlist.export.attributes import AttributesInGraph, as_text
from shortlist.indexes.attributes import Attributes

COLUMNS = {"colour": [f"colour {row}" for row in range(70)], "size": list(range(70)), "is_new": [True] * 70}


def graph_of(columns):
    attributes, bits = Attributes().joined(columns, 70)
    return attributes, AttributesInGraph(attributes, bits)


def test_every_bit_of_every_word():
    attributes, graph = graph_of(COLUMNS)
    for row in range(70):
        where = {"colour": [f"colour {row}", "colour 3"], "size": row}
        told = {
            "where_colour": tf.constant([[f"colour {row}", "colour 3", ""]]),
            "where_size": tf.constant([[str(row)]]),
            "where_is_new": tf.zeros((1, 0), tf.string),
        }
        found = graph.wanted(told, 1).numpy()[0].tolist()
        wanted = attributes.wanted(where).tolist()
        assert all(group in found for group in wanted)
        assert all(group in wanted for group in found)


def test_inputs_are_named_by_the_attributes():
    assert list(graph_of(COLUMNS)[1].inputs()) == ["where_colour", "where_size", "where_is_new"]


def test_values_as_text():
    assert [as_text(value) for value in (True, 3, "a", b"b")] == ["true", "3", "a", "b"]


def test_empty_text_which_is_padding_of_a_request_is_refused():
    with pytest.raises(ArgumentError, match="'colour' has empty text"):
        graph_of({"colour": ["", "a"] * 35})


def test_no_attributes_want_presence_alone():
    _, graph = graph_of({})
    assert graph.wanted({}, 2).numpy().tolist() == [[[1]], [[1]]]
    assert np.asarray(graph.bits).tolist() == [[1]] * 70


def test_a_value_that_no_candidate_has_matches_nothing():
    _, graph = graph_of({"size": [3] * 70})
    for asked, wanted in (("4", [0]), ("3", [2]), ("", [1])):
        assert graph.wanted({"where_size": tf.constant([[asked]])}, 1).numpy()[0].tolist() == [[1], wanted]
