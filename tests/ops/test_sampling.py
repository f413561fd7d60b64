"""Corrections by sampling probabilities next to the oracle's logits and counts."""

from collections import Counter
from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles.frequency import frequencies_of
from tests.oracles.softmax import in_batch_softmax

from shortlist.ops import correct_logits, log_frequency, log_probability


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.contract
def test_the_correction_is_that_of_the_oracle() -> None:
    queries, log_q = np.eye(3), np.log([0.5, 0.3, 0.2])
    oracle = in_batch_softmax(queries, queries, log_probability=log_q)["logits"]
    found = correct_logits(keras.ops.convert_to_tensor(np.eye(3, dtype="float32")), log_q.astype("float32"))
    np.testing.assert_allclose(to_numpy(found), oracle, rtol=1e-6)


@pytest.mark.contract
def test_logarithms_of_probabilities_have_a_floor() -> None:
    found = to_numpy(log_probability(np.float32([1, 0.5, 0]), smallest=1e-3))
    np.testing.assert_allclose(found, np.log([1, 0.5, 1e-3]), rtol=1e-5)
    assert np.isfinite(to_numpy(log_probability(np.float32([0])))).all()


@pytest.mark.contract
@pytest.mark.parametrize("rows", [[0, 0, 2, 0], []])
def test_frequencies_are_those_of_the_oracle(rows: list[int]) -> None:
    oracle = frequencies_of(Counter(rows), 4)
    found = log_frequency(oracle.counts.astype("float32"), np.float32(oracle.total))
    np.testing.assert_allclose(to_numpy(found), oracle.log_probability, atol=1e-6)


def test_no_probability_is_above_one() -> None:
    np.testing.assert_allclose(keras.ops.convert_to_numpy(log_probability(np.float32([1.5]))), [0.0])
