"""One value a row, however a client wraps it."""

import pytest
import tensorflow as tf

from shortlist.export.queries._base import one_a_row


@pytest.mark.parametrize("values", [["a", "b", "c"], [["a"], ["b"], ["c"]]])
def test_both_shapes_are_one_value_a_row(values):
    assert one_a_row(tf.constant(values), "user").numpy().tolist() == [b"a", b"b", b"c"]


@pytest.mark.parametrize("values", ["a", [["a", "b"]], [[["a"]]], [["a", "b"], ["c", "d"]]])
def test_other_shapes_are_refused_by_the_running_graph(values):
    function = tf.function(lambda x: one_a_row(x, "user")).get_concrete_function(
        tf.TensorSpec(None, tf.string)
    )
    with pytest.raises(tf.errors.InvalidArgumentError, match="user.*must have shape"):
        function(tf.constant(values))
