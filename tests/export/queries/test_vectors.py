"""An index without a query model takes vectors."""

import numpy as np
import tensorflow as tf

from shortlist.export.queries._vectors import VectorQueries


def test_vectors_pass_as_they_are():
    queries = VectorQueries(3)
    examples = queries.examples()
    assert queries.input_signature() == {"queries": tf.TensorSpec((None, 3), tf.float32, name="queries")}
    assert examples["queries"].shape[1:] == (3,)
    assert queries(examples) is examples["queries"]
    assert queries.as_queries(examples) is examples["queries"]


def test_given_examples_are_tried():
    examples = VectorQueries(2, [[1, 2]]).examples()
    np.testing.assert_array_equal(examples["queries"], np.float32([[1, 2]]))
