"""Built-in ranking metrics by name, and the protocol for custom ones."""

from collections.abc import Sequence
from typing import Any, Protocol

from shortlist.errors import ArgumentError, must
from shortlist.metrics._hit_rate import hit_rate
from shortlist.metrics._map import average_precision
from shortlist.metrics._mrr import mrr
from shortlist.metrics._ndcg import ndcg
from shortlist.metrics._precision import precision
from shortlist.metrics._recall import recall
from shortlist.metrics._true_ranks import TrueRanks
from shortlist.typing import Tensor

__all__ = ["RANKING_METRICS", "RankingMetric", "check_metrics", "metric_name", "ranking_metrics"]


class RankingMetric(Protocol):
    """Function from the ranks of true candidates to one value per query.

    `FactorizedTopK` and `evaluation.compare` average it over queries and log it as `<__name__>_at_<k>`. To
    save a `FactorizedTopK` with it, register it with `keras.saving.register_keras_serializable`.
    """

    __name__: str

    def __call__(self, ranks: TrueRanks, k: int) -> Tensor:
        """Return the metric of the first `k` positions.

        Args:
            ranks: Ranks of each query's true candidates. Compute with `ranks.xp`: `keras.ops`, or NumPy with
                the same function names.
            k: Number of positions.

        Returns:
            `[num_queries]`.
        """


RANKING_METRICS: dict[str, RankingMetric] = {
    "recall": recall,
    "precision": precision,
    "hit_rate": hit_rate,
    "mrr": mrr,
    "ndcg": ndcg,
    "map": average_precision,
}
"""Ranking metrics of Shortlist by name."""


def metric_name(metric: str | RankingMetric) -> str:
    """Return the name of a metric in logs."""
    return metric if isinstance(metric, str) else metric.__name__


def check_metrics(metrics: Sequence[Any]) -> None:
    """Check that metrics are names of built-in metrics or functions, with distinct names.

    Args:
        metrics: The argument to check.

    Raises:
        ArgumentError: If they are not.
    """
    known = [
        metric in RANKING_METRICS
        if isinstance(metric, str)
        else callable(metric) and hasattr(metric, "__name__")
        for metric in metrics
    ]
    if isinstance(metrics, str) or not metrics or not all(known):
        requirement = f"be names from {tuple(RANKING_METRICS)} or functions (ranks, k)"
        raise ArgumentError(must("metrics", requirement, got=metrics))
    names = [metric_name(metric) for metric in metrics]
    if len(set(names)) < len(names):
        raise ArgumentError(must("metrics", "have distinct names", got=names))


def ranking_metrics(ranks: TrueRanks, k: int, metrics: Sequence[str | RankingMetric]) -> dict[str, Tensor]:
    """Return metrics of the first `k` positions by name, `[num_queries]` each.

    Example:
        >>> import keras, numpy as np
        >>> one = np.ones((1, 1), "float32")  # one candidate is better, none tied: rank 2
        >>> ranks = TrueRanks(one, one, one > 0, keras.ops)
        >>> float(ranking_metrics(ranks, 10, ["mrr"])["mrr"][0])
        0.5
    """
    functions = [RANKING_METRICS[metric] if isinstance(metric, str) else metric for metric in metrics]
    return {metric_name(m): f(ranks, k) for m, f in zip(metrics, functions, strict=True)}
