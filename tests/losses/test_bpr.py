"""BPR compared with its definition, and its gradients with finite differences."""

from typing import Any

import numpy as np
import pytest
from tests.oracles import sampled
from tests.support.drawn import check_drawn_loss
from tests.support.gradients import value_and_gradients

from shortlist.losses import BPR, Negatives, Vectors

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_loss_and_gradients(reduction: str) -> None:
    check_drawn_loss(BPR(reduction=reduction), sampled.bpr, reduction=reduction)


def test_a_query_without_a_negative_costs_nothing_and_has_a_finite_gradient() -> None:
    def loss(queries: Any, candidates: Any, drawn: Any) -> Any:
        negatives = Negatives(candidate_codes=np.int32([0, 1]), shared=Vectors(drawn, None, np.int32([0])))
        return BPR(reduction="sum")(queries, candidates, negatives)

    answer = value_and_gradients(loss, np.eye(2), np.eye(2), np.ones((1, 2)))
    assert answer.value == pytest.approx(np.log(2), rel=1e-5)  # of the second query alone: 1 against 1
    np.testing.assert_array_equal(answer.gradients[0][0], 0)
    assert all(np.isfinite(one).all() for one in answer.gradients)
