"""Values as text to the bits that rows must have, next to the bits of the host."""

import numpy as np
import pytest
import tensorflow as tf

from shortlist.errors import ArgumentError
from shortlist.export._attributes import AttributesGraphEncoder, as_text
from shortlist.indexes._attributes import Attributes

COLUMNS = {"color": [f"color {row}" for row in range(70)], "size": list(range(70)), "is_new": [True] * 70}


def graph_of(columns):
    attributes, bits = Attributes().joined(columns, 70)
    return attributes, AttributesGraphEncoder(attributes, bits)


def test_every_bit_of_every_word():
    attributes, graph = graph_of(COLUMNS)
    for row in range(70):
        where = {"color": [f"color {row}", "color 3"], "size": row}
        told = {
            "where_color": tf.constant([[f"color {row}", "color 3", ""]]),
            "where_size": tf.constant([[str(row)]]),
            "where_is_new": tf.zeros((1, 0), tf.string),
        }
        found = graph.wanted(told, 1).numpy()[0].tolist()
        wanted = attributes.wanted(where).tolist()
        assert all(group in found for group in wanted)
        assert all(group in wanted for group in found)


def test_inputs_are_named_by_the_attributes():
    assert list(graph_of(COLUMNS)[1].inputs()) == ["where_color", "where_size", "where_is_new"]


def test_values_as_text():
    assert [as_text(value) for value in (True, 3, "a", b"b")] == ["true", "3", "a", "b"]


def test_empty_text_which_is_padding_of_a_request_is_refused():
    with pytest.raises(ArgumentError, match="'color' must not have an empty string"):
        graph_of({"color": ["", "a"] * 35})


def test_no_attributes_want_presence_alone():
    _, graph = graph_of({})
    assert graph.wanted({}, 2).numpy().tolist() == [[[1]], [[1]]]
    assert np.asarray(graph.bits).tolist() == [[1]] * 70


def test_a_value_that_no_candidate_has_matches_nothing():
    _, graph = graph_of({"size": [3] * 70})
    for asked, wanted in (("4", [0]), ("3", [2]), ("", [1])):
        assert graph.wanted({"where_size": tf.constant([[asked]])}, 1).numpy()[0].tolist() == [[1], wanted]
