"""Names, shapes and requests of an exported index."""

import json

import numpy as np
import pytest
import tensorflow as tf

from shortlist.errors import ArgumentError
from shortlist.export._signatures import check_input_names, describe, example_request


@pytest.mark.parametrize(
    "name", ["user id", "user:token", "ünï", "1st", "_age", "", "class", "self", "k", "exclude"]
)
def test_a_name_that_no_input_can_have_is_refused(name):
    with pytest.raises(ArgumentError, match="must be named"):
        check_input_names(["age", name])


def test_the_other_names_are_taken_as_they_are_by_tensorflow():
    names = ["user_id", "age", "args", "kwargs", "name", "K"]
    check_input_names(names)
    function = tf.function(lambda **inputs: {"out": inputs["K"]}, autograph=False)
    traced = function.get_concrete_function(
        **{name: tf.TensorSpec(None, tf.int64, name=name) for name in names}
    )
    assert sorted(traced.structured_input_signature[1]) == sorted(names)


def test_a_signature_is_described_for_json():
    def function(**inputs):
        return {"out": tf.zeros((2, 3)) + tf.cast(inputs["k"], tf.float32), "user": inputs["user"]}

    traced = tf.function(function, autograph=False).get_concrete_function(
        user=tf.TensorSpec(None, tf.string, name="user"), k=tf.TensorSpec((), tf.int32, name="k")
    )
    assert json.loads(json.dumps(describe(traced))) == {
        "inputs": {"k": {"dtype": "int32", "shape": []}, "user": {"dtype": "string", "shape": None}},
        "outputs": {"out": {"dtype": "float32", "shape": [2, 3]}, "user": {"dtype": "string", "shape": None}},
    }


def test_a_request_holds_the_first_query_as_json_knows_it():
    examples = {
        "user": np.array(["né", "b"], dtype=object),
        "raw": np.array([b"\xff\x00", b""], dtype=object),
        "age": np.array([3, 4]),
        "genres": np.array([["a", ""], ["b", "c"]], dtype=object),
        "vector": np.float32([[0.5, 1], [2, 3]]),
    }
    assert json.loads(json.dumps(example_request(examples))) == {
        "instances": [
            {"user": "né", "raw": {"b64": "/wA="}, "age": 3, "genres": ["a", ""], "vector": [0.5, 1.0]}
        ]
    }
