"""The cosine contrastive loss compared with its definition."""

import functools

import pytest
from tests.oracles import sampled
from tests.support.drawn import check_drawn_loss

from shortlist.errors import ArgumentError
from shortlist.losses import CosineContrastive

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize(("margin", "weight"), [(0.9, 150.0), (0.1, 2.0), (-0.5, 1.0)])
def test_loss_and_gradients(margin: float, weight: float, reduction: str) -> None:
    loss = CosineContrastive(margin=margin, negative_weight=weight, reduction=reduction)
    slow = functools.partial(sampled.cosine_contrastive, margin=margin, weight=weight)
    check_drawn_loss(loss, slow, reduction=reduction)


@pytest.mark.parametrize("margin", [1.0, -1.5, float("nan")])
def test_a_margin_that_no_cosine_reaches_is_refused(margin: float) -> None:
    with pytest.raises(ArgumentError, match="margin must be in"):
        CosineContrastive(margin=margin)
