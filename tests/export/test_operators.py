"""Only operators that a stock server runs pass."""

import pytest
import tensorflow as tf

from shortlist.errors import ArtifactError
from shortlist.export._operators import check_operators, operators


@pytest.mark.parametrize(
    "name",
    [
        "Scann>ScannSearch",
        "PyFunc",
        "PyFuncStateless",
        "EagerPyFunc",
        "XlaCallModule",
        "XlaLaunch",
        "Nonsense",
    ],
)
def test_a_foreign_operator_is_named(name):
    with pytest.raises(ArtifactError, match=rf"the graph must use .* got \['{name}'\]"):
        check_operators({"MatMul", name, "TopKV2"})


def test_operators_inside_nested_functions_are_found(tmp_path):
    @tf.function
    def inner(x):
        return tf.py_function(lambda value: value, [x], tf.float32)

    module = tf.Module()
    branch = tf.function(
        lambda x: {"y": tf.cond(x > 0, lambda: inner(x), lambda: tf.cos(x))}, autograph=False
    )
    traced = branch.get_concrete_function(tf.TensorSpec((), tf.float32, name="x"))
    tf.saved_model.save(module, str(tmp_path), signatures=traced)
    assert {"EagerPyFunc", "Cos"} <= operators(tmp_path)


def test_the_usual_ones_pass():
    check_operators(
        {"MatMul", "TopKV2", "LookupTableFindV2", "StatefulPartitionedCall", "VarHandleOp", "RestoreV2"}
    )
