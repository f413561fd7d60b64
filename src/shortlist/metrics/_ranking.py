"""All ranking metrics by name."""

from collections.abc import Callable, Sequence

from shortlist.metrics._hit_rate import hit_rate
from shortlist.metrics._map import average_precision
from shortlist.metrics._mrr import mrr
from shortlist.metrics._ndcg import ndcg
from shortlist.metrics._precision import precision
from shortlist.metrics._recall import recall
from shortlist.metrics._true_ranks import TrueRanks
from shortlist.typing import Tensor

__all__ = ["RANKING_METRICS", "ranking_metrics"]

RANKING_METRICS: dict[str, Callable[[TrueRanks, int], Tensor]] = {
    "recall": recall,
    "precision": precision,
    "hit_rate": hit_rate,
    "mrr": mrr,
    "ndcg": ndcg,
    "map": average_precision,
}
"""Functions from ranks and k to one value per query."""


def ranking_metrics(ranks: TrueRanks, k: int, names: Sequence[str]) -> dict[str, Tensor]:
    """Return metrics of the first `k` positions by name, `[num_queries]` each.

    Example:
        >>> import keras, numpy as np
        >>> one = np.ones((1, 1), "float32")  # one candidate is better, none tied: rank 2
        >>> ranks = TrueRanks(one, one, one > 0, keras.ops)
        >>> float(ranking_metrics(ranks, 10, ["mrr"])["mrr"][0])
        0.5
    """
    return {name: RANKING_METRICS[name](ranks, k) for name in names}
