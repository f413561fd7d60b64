"""The embedding layer next to that of Keras, and what its training step reads."""

from typing import Any

import keras
import numpy as np
import pytest

import shortlist as sl
from shortlist.layers import Embedding

ROWS = np.int32([[3, 1], [3, 0]])


def to_numpy(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(tensor)))


class Regression(sl.Model):
    """An embedding and a dense layer to a target."""

    def __init__(self, embedding: Any) -> None:
        super().__init__()
        self.embedding, self.head = embedding, keras.layers.Dense(1)

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        return keras.ops.mean(keras.ops.square(self.head(self.embedding(inputs["rows"])) - inputs["target"]))


@pytest.mark.contract
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "bfloat16"])
def test_equals_the_layer_of_keras(dtype: str) -> None:
    ours, theirs = (kind(5, 4, dtype=dtype, mask_zero=True) for kind in (Embedding, keras.layers.Embedding))
    ours.build()
    theirs.build()
    theirs.set_weights(ours.get_weights())
    for rows in (ROWS, ROWS[0], ROWS.astype("int64"), ROWS.astype("float32"), ROWS.astype("uint8")):
        answer, expected = ours(rows), theirs(rows)
        assert keras.backend.standardize_dtype(answer.dtype) == ours.compute_dtype
        np.testing.assert_array_equal(
            to_numpy(keras.ops.cast(answer, "float32")), to_numpy(keras.ops.cast(expected, "float32"))
        )
    assert to_numpy(ours.compute_mask(ROWS)).tolist() == [[True, True], [True, False]]


@pytest.mark.contract
@pytest.mark.parametrize("optimizer", ["sgd", "adagrad", "adam"])
def test_trains_with_an_optimizer_of_keras_as_the_layer_of_keras(optimizer: str) -> None:
    data = {"rows": np.int32([1, 4, 4, 2, 1, 1]), "target": np.float32([[0], [1], [2], [3], [4], [5]])}
    weights = []
    for layer in (Embedding, keras.layers.Embedding):
        keras.utils.set_random_seed(0)
        model = Regression(layer(6, 3))
        model.compile(optimizer=optimizer)
        model.fit(data, batch_size=3, shuffle=False, verbose=0, epochs=2)
        weights.append(model.get_weights())
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.contract
def test_low_rank_adapters_of_keras_work() -> None:
    layer = Embedding(5, 4, lora_rank=2)
    before = to_numpy(layer(ROWS))
    layer.lora_embeddings_b.assign(np.ones((2, 4), "float32"))
    np.testing.assert_allclose(to_numpy(layer(ROWS)), to_numpy(layer.embeddings)[ROWS], rtol=1e-6)
    assert not np.allclose(before, to_numpy(layer(ROWS)))


@pytest.mark.contract
def test_in_a_functional_model_and_from_its_config() -> None:
    inputs = keras.Input((2,), dtype="int32")
    model = keras.Model(inputs, Embedding(5, 4, name="ids")(inputs))
    assert model.output_shape == (None, 2, 4)
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert isinstance(again.get_layer("ids"), Embedding)
    np.testing.assert_array_equal(to_numpy(again(ROWS)), to_numpy(model(ROWS)))


OPTIMIZERS = {
    "sgd": lambda: sl.optimizers.SGD(momentum=0.5, nesterov=True),
    "adagrad": sl.optimizers.Adagrad,
    "row_wise_adagrad": lambda: sl.optimizers.RowWiseAdagrad(clipnorm=1.0),
    "adam": lambda: sl.optimizers.Adam(global_clipnorm=1.0),
}


def built(optimizer: Any) -> tuple[Regression, dict[str, np.ndarray]]:
    model = Regression(Embedding(50, 3))
    model.compile(optimizer=optimizer)
    batch = {"rows": np.int32([1, 4, 4]), "target": np.float32([[0], [1], [2]])}
    model.fit(batch, verbose=0)
    return model, batch


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="looks at a graph of TensorFlow")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_no_operation_of_a_step_reads_a_table(name: str) -> None:
    """A read is a copy, once a variable is changed in place."""
    import tensorflow as tf

    optimizer = OPTIMIZERS[name]()
    model, batch = built(optimizer)
    graph = (
        tf.function(model.train_step)
        .get_concrete_function(keras.tree.map_structure(tf.constant, batch))
        .graph
    )
    tables = {id(v.value.handle) for v in [*model.variables, *optimizer.variables] if v.shape[:1] == (50,)}
    handles = {id(inside) for outside, inside in graph.captures if id(outside) in tables}
    assert len(handles) == len(tables)
    kinds = {o.type for o in graph.get_operations() if any(id(tensor) in handles for tensor in o.inputs)}
    assert kinds <= {"ResourceGather", "ResourceScatterUpdate", "VariableShape"}
    assert {"ResourceGather", "ResourceScatterUpdate"} <= kinds


@pytest.mark.contract
@pytest.mark.skipif(keras.backend.backend() != "jax", reason="looks at an expression of JAX")
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_nothing_but_a_write_of_rows_is_as_large_as_a_table(name: str) -> None:
    import jax

    optimizer = OPTIMIZERS[name]()
    model, batch = built(optimizer)
    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        optimizer.variables,
        model.metrics_variables,
    )
    state = tuple([variable.value for variable in group] for group in groups)
    expression = jax.make_jaxpr(model.train_step)(state, batch).jaxpr
    large = {equation.primitive.name for equation in equations(expression) if is_large(equation)}
    assert large == {"scatter"}


def equations(expression: Any) -> list[Any]:
    """Those of functions within it too, but not what encloses them."""
    found = []
    for equation in expression.eqns:
        inner = [part.jaxpr for part in equation.params.values() if hasattr(part, "jaxpr")]
        found += [deep for part in inner for deep in equations(part)] or [equation]
    return found


def is_large(equation: Any) -> bool:
    return any(variable.aval.shape[:1] == (50,) for variable in equation.outvars)


@pytest.mark.contract
@pytest.mark.skipif(keras.backend.backend() != "torch", reason="looks at a gradient of PyTorch")
def test_the_gradient_is_sparse_for_an_optimizer_that_takes_rows() -> None:
    is_sparse = [
        built(optimizer)[0].embedding.embeddings.value.grad.is_sparse
        for optimizer in (
            sl.optimizers.Adam(),
            keras.optimizers.LossScaleOptimizer(sl.optimizers.SGD()),
            keras.optimizers.Adam(),
        )
    ]
    assert is_sparse == [True, True, False]
