"""Hit rate: whether anything true is retrieved."""

from shortlist.metrics._true_ranks import TrueRanks
from shortlist.typing import Tensor

__all__ = ["hit_rate"]


def hit_rate(ranks: TrueRanks, k: int) -> Tensor:
    """Return 1 for a query with a true candidate in the first `k` and 0 for others, `[num_queries]`.

    With ties it is the probability of such a hit.
    """
    chance, _ = ranks.first_hit(k)
    return ranks.xp.sum(chance, axis=1)
