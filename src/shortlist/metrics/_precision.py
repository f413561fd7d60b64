"""Precision: share of the list that is true."""

from shortlist.metrics._true_ranks import TrueRanks
from shortlist.typing import Tensor

__all__ = ["precision"]


def precision(ranks: TrueRanks, k: int) -> Tensor:
    """Return `hits in the first k / k`, `[num_queries]`; positions beyond the catalog count as misses.

    Source: Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, chapter 8.
    """
    return ranks.expected_hits(k) / k
