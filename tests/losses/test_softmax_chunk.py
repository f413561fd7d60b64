"""What heads share; the chunk itself is evaluated in the tests of the whole loss."""

import numpy as np
import pytest

from shortlist.losses._softmax_chunk import share_of_heads

pytestmark = pytest.mark.contract


def test_the_best_head_has_all_and_ties_share() -> None:
    products = np.float32([[[1, 5, 2], [3, 5, 1], [3, 5, 2]]])
    expected = [[[0, 1 / 3, 0.5], [0.5, 1 / 3, 0], [0.5, 1 / 3, 0.5]]]
    np.testing.assert_allclose(np.asarray(share_of_heads(products)), expected, rtol=1e-6)
