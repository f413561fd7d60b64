"""The generalized binary cross-entropy compared with its definition."""

import functools

import numpy as np
import pytest
from tests.oracles import sampled
from tests.support.drawn import NUM_CANDIDATES, check_drawn_loss

from shortlist.errors import ArgumentError
from shortlist.losses import GBCE, Negatives, Vectors

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("calibration", [0.0, 0.75, 1.0])
def test_loss_and_gradients(calibration: float, reduction: str) -> None:
    slow = functools.partial(sampled.gbce, num_candidates=NUM_CANDIDATES, t=calibration)
    check_drawn_loss(GBCE(calibration=calibration, reduction=reduction), slow, reduction=reduction)


def test_large_scores_stay_finite() -> None:
    vectors = np.float32([[100.0, 0.0], [0.0, 100.0]])
    loss = GBCE()(vectors, vectors, Negatives(shared=Vectors(vectors), num_candidates=9))
    # For each query, the positive and one negative score 10,000, the other negative 0.
    assert float(loss) == pytest.approx((10_000 + np.log(2)) / 3, rel=1e-5)


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match=r"calibration must be in \[0, 1\], got 2"):
        GBCE(calibration=2)
    vectors = np.eye(2, dtype="float32")
    with pytest.raises(ArgumentError, match="num_candidates must be given"):
        GBCE()(vectors, vectors, Negatives(shared=Vectors(vectors)))
