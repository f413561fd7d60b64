"""Normalized discounted cumulative gain with binary gains."""

import numpy as np

from shortlist.metrics._true_ranks import TrueRanks
from shortlist.typing import Tensor

__all__ = ["ndcg"]


def ndcg(ranks: TrueRanks, k: int) -> Tensor:
    """Return the discounted gain of the first `k` positions over its ideal value, `[num_queries]`.

    The gain is the sum of `1 / log2(rank + 1)` over hits; the ideal value is the same sum over the ranks 1 to
    `min(num_true, k)`.

    Source: Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", TOIS 2002.
    """
    xp = ranks.xp
    discounts = 1.0 / np.log2(np.arange(1, k + 1) + 1.0)
    ideal = xp.convert_to_tensor(np.concatenate([[0.0], np.cumsum(discounts)]).astype(ranks.dtype))
    num_ideal = xp.cast(xp.minimum(ranks.num_true, float(k)), "int32")
    gain = xp.sum(ranks.expected_sum(discounts), axis=1)
    return xp.divide_no_nan(gain, xp.take(ideal, num_ideal))
