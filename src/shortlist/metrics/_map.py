"""Mean average precision."""

import numpy as np

from shortlist.metrics._true_ranks import TrueRanks
from shortlist.typing import Tensor

__all__ = ["average_precision"]


def average_precision(ranks: TrueRanks, k: int) -> Tensor:
    """Return `sum of the precision at each hit in the first k / min(num_true, k)`, `[num_queries]`.

    Its mean over queries is MAP. Time and memory grow with the square of `num_true`.

    Source: Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, chapter 8.
    """
    xp = ranks.xp
    mine, other = xp.expand_dims(ranks.better, 2), xp.expand_dims(ranks.better, 1)
    counted = xp.expand_dims(ranks.is_true, 1)
    hits_before = xp.sum(xp.cast(other < mine, ranks.dtype) * counted, axis=2)
    hits_in_group = xp.sum(xp.cast(other == mine, ranks.dtype) * counted, axis=2)

    # At position `before + j` of its group: the hits before, itself, and of the j - 1 other positions each a
    # hit with chance `other_is_true`. The sum over j of `1 / rank` is `share * inverse_ranks`.
    before, last = ranks.before_and_last(k)
    inverse_ranks = ranks.expected_sum(1.0 / np.arange(1, k + 1))
    other_is_true = (hits_in_group - 1.0) / xp.maximum(ranks.tied - 1.0, 1.0)
    others = ranks.is_true / ranks.tied * (last - before) - (before + 1.0) * inverse_ranks
    expected = xp.sum((hits_before + 1.0) * inverse_ranks + other_is_true * others, axis=1)
    return xp.divide_no_nan(expected, xp.minimum(ranks.num_true, float(k)))
