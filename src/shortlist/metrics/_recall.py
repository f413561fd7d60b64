"""Recall: share of the true candidates that are retrieved."""

from shortlist.metrics._true_ranks import TrueRanks
from shortlist.typing import Tensor

__all__ = ["recall"]


def recall(ranks: TrueRanks, k: int) -> Tensor:
    """Return `hits in the first k / num_true`, `[num_queries]`; 0 for a query without a true candidate.

    Source: Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, chapter 8.
    """
    return ranks.xp.divide_no_nan(ranks.expected_hits(k), ranks.num_true)
