"""Losses over drawn negatives compared with their definition."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.losses.test_sampled_softmax import ITEMS, OWN, SHARED, USERS, WEIGHTS, kept, world
from tests.oracles.softmax import finite_differences
from tests.support.gradients import value_and_gradients

from shortlist.losses import Negatives, RetrievalLoss, Vectors

NUM_CANDIDATES = 12


def check_drawn_loss(
    loss: RetrievalLoss,
    slow_losses: Callable[..., list[float]],
    *,
    reduction: str = "mean",
    scale: float = 1.0,
) -> None:
    """Compare value and gradients with `slow_losses(queries, candidates, drawn, kept)`.

    Log probabilities are given, which these losses do not use.
    """
    *vectors, shared_log_q, own_log_q = world(2)
    vectors = [scale * one for one in vectors]

    def slow(queries: Any, candidates: Any, shared: Any, own: Any) -> float:
        drawn = np.concatenate([np.tile(shared, (4, 1, 1)), own], axis=1)
        losses = np.array(slow_losses(queries, candidates, drawn, kept(True, True)))
        return float(losses @ WEIGHTS / (WEIGHTS.sum() if reduction == "mean" else 1.0))

    def fast(queries: Any, candidates: Any, shared: Any, own: Any) -> Any:
        negatives = Negatives(
            query_codes=USERS,
            candidate_codes=np.append(ITEMS, np.int32(3)),
            shared=Vectors(shared, np.float32(shared_log_q), SHARED),
            per_query=Vectors(own, np.float32(own_log_q), OWN),
            num_candidates=NUM_CANDIDATES,
        )
        return loss(queries, candidates, negatives, np.float32(WEIGHTS))

    answer = value_and_gradients(fast, *vectors)
    assert answer.value == pytest.approx(slow(*vectors), rel=1e-5)
    for k, found in enumerate(answer.gradients):
        moved = finite_differences(lambda one, k=k: slow(*vectors[:k], one, *vectors[k + 1 :]), vectors[k])
        np.testing.assert_allclose(found, moved, atol=1e-5 * max(1.0, np.abs(moved).max()))
