"""Dense layers next to the same products by NumPy."""

import keras
import numpy as np
import pytest

from shortlist.layers import MLP


def to_numpy(tensor: object) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.convert_to_tensor(tensor)))


@pytest.mark.contract
def test_equals_numpy() -> None:
    inputs = np.random.default_rng(0).normal(size=(3, 2, 4)).astype("float32")
    layer = MLP([5, 6, 2], activation="relu", final_activation="sigmoid")
    outputs = to_numpy(layer(inputs))
    values, weights = inputs.astype("float64"), layer.get_weights()
    for kernel, bias in zip(weights[0:4:2], weights[1:4:2], strict=True):
        values = np.maximum(values @ kernel + bias, 0)
    expected = 1 / (1 + np.exp(-(values @ weights[4] + weights[5])))
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-6)
    assert tuple(layer.compute_output_shape(inputs.shape)) == outputs.shape == (3, 2, 2)


@pytest.mark.contract
def test_the_last_layer_is_linear_unless_told_otherwise() -> None:
    layer = MLP([3])
    outputs = to_numpy(layer(np.eye(2, dtype="float32")))
    np.testing.assert_allclose(outputs, layer.get_weights()[0], rtol=1e-6)
    assert outputs.min() < 0


@pytest.mark.contract
def test_no_bias_and_no_layers() -> None:
    layer = MLP([3, 2], use_bias=False)
    layer(np.ones((1, 4), "float32"))
    assert [weight.shape for weight in layer.get_weights()] == [(4, 3), (3, 2)]
    empty = MLP([])
    assert to_numpy(empty(np.ones((1, 4), "float32"))).tolist() == [[1, 1, 1, 1]]
    assert empty.compute_output_shape((None, 4)) == (None, 4)


@pytest.mark.contract
def test_a_config_makes_the_same_layer() -> None:
    layer = MLP([3, 2], activation="tanh", final_activation="relu", use_bias=False, name="head")
    again = MLP.from_config(layer.get_config())
    inputs = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    expected = to_numpy(layer(inputs))
    again(inputs)
    again.set_weights(layer.get_weights())
    np.testing.assert_allclose(to_numpy(again(inputs)), expected, rtol=1e-6)
    assert again.name == "head"
