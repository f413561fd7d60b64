"""Losses of examples that share rows of logits, next to sums written out."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist.losses._examples import Examples
from shortlist.losses._softmax_chunk import RowSums

pytestmark = pytest.mark.contract
ROWS = np.int32([1, 0, 1, 2, 1])
GENERATOR = np.random.default_rng(7)
LOGITS, POSITIVE, WEIGHT = GENERATOR.normal(size=(3, 4)), GENERATOR.normal(size=5), np.array([1, 2, 0, 1, 3])


def tensor(array: np.ndarray) -> Any:
    return keras.ops.convert_to_tensor(np.float32(array)[:, None])


def array(column: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(column))[:, 0]


def sums(shift: np.ndarray) -> RowSums:
    return RowSums(tensor(shift), tensor(np.exp(LOGITS - shift[:, None]).sum(axis=1)))


def examples(*, are_among: bool) -> Examples:
    return Examples(keras.ops.convert_to_tensor(ROWS), tensor(POSITIVE), tensor(WEIGHT), are_among)


@pytest.mark.parametrize("are_among", [False, True])
@pytest.mark.parametrize("shift", [np.zeros(3), LOGITS.max(axis=1)], ids=["as it is", "less the largest"])
def test_losses_and_their_derivatives(shift: np.ndarray, are_among: bool) -> None:
    total = np.exp(LOGITS).sum(axis=1)[ROWS] + (0 if are_among else np.exp(POSITIVE))
    found = examples(are_among=are_among).losses(sums(shift))
    np.testing.assert_allclose(array(found.loss), WEIGHT * (np.log(total) - POSITIVE), rtol=1e-5)
    np.testing.assert_allclose(array(found.by_sums[0]), WEIGHT * np.exp(shift)[ROWS] / total, rtol=1e-5)
    share = np.zeros(5) if are_among else np.exp(POSITIVE) / total
    np.testing.assert_allclose(array(found.by_positive), WEIGHT * (share - 1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("first", "number"), [(0, 3), (0, 1), (1, 2), (2, 1)])
def test_a_chunk_has_the_derivatives_of_its_own_examples(first: int, number: int) -> None:
    ours = examples(are_among=False)
    whole = array(ours.losses(sums(np.zeros(3))).by_sums[0])
    chunk = RowSums(*(part[first : first + number] for part in sums(np.zeros(3)).present()))
    expected = [whole[row == ROWS].sum() for row in range(first, first + number)]
    np.testing.assert_allclose(array(ours.by_sums(chunk, first)[0]), expected, rtol=1e-5)
