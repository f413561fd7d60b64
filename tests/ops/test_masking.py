"""Masks next to the oracle's, pair by pair."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import softmax
from tests.oracles.worlds import NUM_QUERIES, BatchWorld, batch_world

from shortlist.ops import accidental_hits, false_negatives, mask_logits, positives

DIAGONAL = np.arange(NUM_QUERIES)


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def codes(ids: list[Any]) -> np.ndarray:
    return np.unique(ids, return_inverse=True)[1].astype("int32")


def without_positives(mask: np.ndarray) -> np.ndarray:
    mask = mask.copy()
    mask[DIAGONAL, DIAGONAL] = False
    return mask


def worlds() -> list[BatchWorld]:
    return [batch_world(seed, num_extra=2) for seed in range(8)]


@pytest.mark.contract
def test_positives() -> None:
    assert to_numpy(positives(2, 3)).tolist() == [[True, False, False], [False, True, False]]


@pytest.mark.contract
def test_accidental_hits() -> None:
    for world in worlds():
        oracle = softmax.accidental_hits(world.candidate_ids, NUM_QUERIES, NUM_QUERIES + 2)
        found = to_numpy(accidental_hits(codes(world.candidate_ids), NUM_QUERIES))
        np.testing.assert_array_equal(found, without_positives(oracle))


@pytest.mark.contract
@pytest.mark.parametrize("are_per_query", [False, True])
def test_false_negatives(are_per_query: bool) -> None:
    """Rows are some of the queries; codes of no candidate of the batch, here -1 and 99, are no positives."""
    for world in worlds():
        oracle = softmax.false_negatives(world.query_ids, world.candidate_ids, NUM_QUERIES, NUM_QUERIES + 2)
        users, items = codes(world.query_ids), codes(world.candidate_ids)
        rows = np.array([5, 0, 3])
        expected = np.pad(oracle[rows], [(0, 0), (0, 2)])
        asked = np.append(items, np.int32([-1, 99]))
        if are_per_query:
            asked = np.tile(asked, (3, 1))
        examples = keras.ops.convert_to_tensor(users), keras.ops.convert_to_tensor(items[:NUM_QUERIES])
        asked = keras.ops.convert_to_tensor(asked)
        found = false_negatives(keras.ops.convert_to_tensor(users[rows]), asked, examples, NUM_QUERIES + 2)
        np.testing.assert_array_equal(to_numpy(found), expected)


@pytest.mark.contract
def test_masked_negatives_weigh_exactly_nothing_and_positives_stay() -> None:
    """Even where the logit that is left is as low as logits get."""
    logits = np.float32([[-1e4, 5, 0], [1, 2, 3]])
    masked = to_numpy(mask_logits(logits, np.array([[True, True, True], [False, True, False]])))
    weights = np.exp(masked - masked.max(axis=1, keepdims=True))
    assert weights[0].tolist() == [1, 0, 0]
    np.testing.assert_array_equal(masked[1], logits[1])
    assert masked[0, 0] == logits[0, 0]
    assert np.isfinite(masked).all()
