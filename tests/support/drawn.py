"""A small batch with drawn negatives, and losses compared with their definition on it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.oracles.softmax import finite_differences
from tests.support.gradients import value_and_gradients

from shortlist.losses import Negatives, RetrievalLoss, Vectors

NUM_CANDIDATES = 12
USERS, ITEMS = np.int32([0, 1, 0, 2]), np.int32([0, 1, 2, 0])
SHARED, OWN = np.int32([2, 5, 1]), np.int32([[0, 9], [9, 9], [0, 2], [1, 0]])
WEIGHTS = np.array([1.0, 2.0, 0.0, 0.5])


def kept(removes_false: bool, removes_hits: bool) -> np.ndarray:
    """[4, 5], written out: users 0 have items 0 and 2, user 1 item 1, user 2 item 0."""
    of_user = [{0, 2}, {1}, {0, 2}, {0}]
    removed = [
        of_user[i] if removes_false else ({int(ITEMS[i])} if removes_hits else set()) for i in range(4)
    ]
    return np.array([[int(code) not in removed[i] for code in [*SHARED, *OWN[i]]] for i in range(4)])


def world(seed: int) -> tuple[np.ndarray, ...]:
    """Queries, candidates, shared and own negatives, log probabilities of both."""
    generator = np.random.default_rng(seed)
    shapes = ((4, 3), (5, 3), (3, 3), (4, 2, 3))
    vectors = [generator.normal(size=shape) for shape in shapes]
    return *vectors, generator.uniform(-3, -1, 3), generator.uniform(-3, -1, (4, 2))


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
