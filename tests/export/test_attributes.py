"""Values as text to the bits that rows must have, next to the bits of the host."""

import numpy as np
import pytest
import tensorflow as tf

from shortlist.errors import ArgumentError
from shortlist.export._attributes import AttributesGraphEncoder, as_text
from shortlist.search import Attributes, meets

COLUMNS = {"color": [f"color {row}" for row in range(70)], "size": list(range(70)), "is_new": [True] * 70}


def graph_of(columns):
    attributes, bits = Attributes().encode(columns, 70)
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
        found = graph.require(told, 1)[0].numpy()[0].tolist()
        wanted = attributes.require(where)[0].tolist()
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
    assert graph.require({}, 2)[0].numpy().tolist() == [[[1]], [[1]]]
    assert np.asarray(graph.table).tolist() == [[1]] * 70


def test_a_value_that_no_candidate_has_matches_nothing():
    _, graph = graph_of({"size": [3] * 70})
    for asked, wanted in (("4", [0]), ("3", [2]), ("", [1])):
        assert graph.require({"where_size": tf.constant([[asked]])}, 1)[0].numpy()[0].tolist() == [
            [1],
            wanted,
        ]


def test_limits_are_those_of_the_host():
    prices = np.linspace(-3, 3, 70).tolist()
    attributes, graph = graph_of({"price": prices, "color": ["a"] * 70, "size": [None, *prices[1:]]})
    ends = [(None, 1.5), (-1.25, 1.5), (0.0, None), (-0.0, -0.0)]
    told = [[np.nan if end is None else end for end in one] for one in ends]
    nothing = {"where_color": tf.zeros((4, 0), tf.string), "where_size": tf.fill((4, 2), np.float32(np.nan))}
    required, limits = graph.require({"where_price": tf.constant(told, tf.float32), **nothing}, 4)
    expected = attributes.require_of_each([{"price": one} for one in ends], 4)
    np.testing.assert_array_equal(limits.numpy(), expected[1])
    np.testing.assert_array_equal(required.numpy()[:, 0], expected[0][:, 0])
    none = {"where_price": tf.zeros((4, 0)), **nothing}
    assert meets(graph.table.numpy(), *(part.numpy()[:1] for part in graph.require(none, 4))).all()
