"""BPR compared with its definition, and its gradients with finite differences."""

from typing import Any

import numpy as np
import pytest
from tests.losses.test_sampled_softmax import ITEMS, OWN, SHARED, USERS, WEIGHTS, kept, world
from tests.oracles import sampled
from tests.oracles.softmax import finite_differences
from tests.support.gradients import value_and_gradients

from shortlist.errors import ArgumentError
from shortlist.losses import BPR, Negatives, Vectors

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_loss_and_gradients(reduction: str) -> None:
    """Log probabilities are given and not used."""
    *vectors, shared_log_q, own_log_q = world(2)

    def slow(queries: Any, candidates: Any, shared: Any, own: Any) -> float:
        drawn = np.concatenate([np.tile(shared, (4, 1, 1)), own], axis=1)
        losses = np.array(sampled.bpr(queries, candidates, drawn, kept(True, True)))
        return float(losses @ WEIGHTS / (WEIGHTS.sum() if reduction == "mean" else 1.0))

    def fast(queries: Any, candidates: Any, shared: Any, own: Any) -> Any:
        negatives = Negatives(
            query_codes=USERS,
            candidate_codes=np.append(ITEMS, np.int32(3)),
            shared=Vectors(shared, np.float32(shared_log_q), SHARED),
            per_query=Vectors(own, np.float32(own_log_q), OWN),
        )
        return BPR(reduction=reduction)(queries, candidates, negatives, np.float32(WEIGHTS))

    answer = value_and_gradients(fast, *vectors)
    assert answer.value == pytest.approx(slow(*vectors), rel=1e-5)
    for k, found in enumerate(answer.gradients):
        moved = finite_differences(lambda one, k=k: slow(*vectors[:k], one, *vectors[k + 1 :]), vectors[k])
        np.testing.assert_allclose(found, moved, atol=1e-5)


def test_a_query_without_a_negative_costs_nothing_and_has_a_finite_gradient() -> None:
    def loss(queries: Any, candidates: Any, drawn: Any) -> Any:
        negatives = Negatives(candidate_codes=np.int32([0, 1]), shared=Vectors(drawn, None, np.int32([0])))
        return BPR(reduction="sum")(queries, candidates, negatives)

    answer = value_and_gradients(loss, np.eye(2), np.eye(2), np.ones((1, 2)))
    assert answer.value == pytest.approx(np.log(2), rel=1e-5)  # of the second query alone: 1 against 1
    np.testing.assert_array_equal(answer.gradients[0][0], 0)
    assert all(np.isfinite(one).all() for one in answer.gradients)


def test_config_and_no_negatives() -> None:
    loss = BPR(remove_accidental_hits=False, reduction="sum")
    assert BPR.from_config(loss.get_config()) == loss
    with pytest.raises(ArgumentError, match="negatives must be drawn"):
        loss(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"), Negatives())
