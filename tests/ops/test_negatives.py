"""The hardest negatives next to the oracle's choice."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles.softmax import keep_hardest

from shortlist.ops import keep_hard_negatives, mask_logits


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def expected(logits: np.ndarray, num_hard_negatives: int) -> list[list[float]]:
    """The positive, then the kept negatives, hardest first."""
    kept = keep_hardest(logits.astype("float64"), num_hard_negatives)
    rows = []
    for i, row in enumerate(kept):
        negatives = sorted((row[j] for j in range(len(row)) if j != i and row[j] > -np.inf), reverse=True)
        rows.append([row[i], *negatives])
    return rows


@pytest.mark.contract
@pytest.mark.parametrize("num_hard_negatives", [1, 3, 6, 20])
def test_equals_the_oracle(num_hard_negatives: int) -> None:
    logits = np.random.default_rng(0).integers(-3, 4, (5, 7)).astype("float32")
    kept, labels = map(to_numpy, keep_hard_negatives(logits, num_hard_negatives))
    assert kept.tolist() == expected(logits, num_hard_negatives)
    assert labels.tolist() == [[1.0] + [0.0] * (kept.shape[1] - 1)] * 5


@pytest.mark.contract
def test_masked_negatives_come_last_and_the_positive_never_twice() -> None:
    logits = np.float32([[-5, 1, 2], [7, 0, 1]])
    masked = mask_logits(logits, np.array([[False, False, True], [True, False, True]]))
    kept, _ = keep_hard_negatives(masked, 2)
    kept = to_numpy(kept)
    assert kept[0, :2].tolist() == [-5, 1]
    assert kept[1, 0] == 0
    weights = np.exp(kept - kept.max(axis=1, keepdims=True))
    assert weights[0, 2] == weights[1, 1] == weights[1, 2] == 0
