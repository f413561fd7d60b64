"""Cross-entropies and weighted means next to the oracle's."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import softmax
from tests.support.gradients import value_and_gradients

from shortlist.ops import mask_logits, softmax_cross_entropy, weighted_mean

LABELS = np.eye(3, 4, dtype="float32")


def tensor(values: Any) -> Any:
    return keras.ops.convert_to_tensor(values, dtype="float32")


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.contract
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_equals_the_oracle(scale: float) -> None:
    logits = (np.random.default_rng(0).normal(size=(3, 4)) * scale).astype("float32")
    removed = np.array([[False, True, False, True], [False] * 4, [True] * 4])
    oracle = np.where(removed & (LABELS == 0), -np.inf, logits.astype("float64"))
    found = to_numpy(softmax_cross_entropy(mask_logits(logits, removed), tensor(LABELS)))
    np.testing.assert_allclose(found, softmax.losses(oracle), rtol=1e-5, atol=1e-6)


@pytest.mark.contract
def test_smoothing_by_hand() -> None:
    """Logits log 3, log 1 and one that is removed: shares 3/4 and 1/4, targets 0.9 + 0.05 and 0.05."""
    logits = mask_logits(np.float32([[np.log(3), 0, 9]]), np.array([[False, False, True]]))
    found = to_numpy(softmax_cross_entropy(logits, tensor([[1, 0, 0]]), label_smoothing=0.1))
    np.testing.assert_allclose(found, [-0.95 * np.log(3 / 4) - 0.05 * np.log(1 / 4)], rtol=1e-5)


@pytest.mark.contract
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_gradients_are_finite_and_zero_where_removed(label_smoothing: float) -> None:
    removed = np.array([[False, True, False, True], [False] * 4, [True] * 4])
    _, (gradient,) = value_and_gradients(
        lambda logits: keras.ops.sum(
            softmax_cross_entropy(
                mask_logits(logits, removed), tensor(LABELS), label_smoothing=label_smoothing
            )
        ),
        np.random.default_rng(0).normal(size=(3, 4)),
    )
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[removed & (LABELS == 0)], 0)


@pytest.mark.contract
@pytest.mark.parametrize("weights", [[1, 1, 1], [0, 2, 1], [0, 0, 0], [0.5, 0, 0]])
@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_weighted_mean(weights: list[float], shape: tuple[int, ...]) -> None:
    values = np.float32([3, -1, 4])
    oracle = softmax.weighted_mean(values.astype("float64"), np.array(weights, "float64"))
    found = weighted_mean(keras.ops.convert_to_tensor(values), np.float32(weights).reshape(shape))
    assert float(found) == pytest.approx(oracle)
    assert float(weighted_mean(keras.ops.convert_to_tensor(values))) == pytest.approx(2)
