"""Mean reciprocal rank of the first hit."""

from shortlist.metrics._true_ranks import TrueRanks
from shortlist.typing import Tensor

__all__ = ["mrr"]


def mrr(ranks: TrueRanks, k: int) -> Tensor:
    """Return `1 / rank of the first hit`, `[num_queries]`; 0 without a hit in the first `k`.

    Source: Voorhees, "The TREC-8 Question Answering Track Report", 1999.
    """
    chance, positions = ranks.first_hit(k)
    return ranks.xp.sum(chance / positions, axis=1)
