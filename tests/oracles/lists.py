"""Ranking metrics of lists of recommended ids, whoever made the lists."""

from collections.abc import Collection, Sequence
from typing import Any

from tests.oracles.ranking import Metrics, mean_metrics, metrics_of_hits

PADDING: frozenset[Any] = frozenset({"", b"", -1, None})


def evaluate_lists(
    recommended: Sequence[Sequence[Any]], true: Sequence[Collection[Any]], ks: Sequence[int]
) -> dict[int, Metrics | None]:
    """The six metrics at each k, mean over the queries that have a true id (None when there is none).

    Args:
        recommended: for each query the ids, best first; padding never counts but keeps its rank, and so does
            an id that stood in the list before.
        true: for each query the true ids; twice the same counts once, padding not at all.
        ks: cutoffs; lists may be shorter.
    """
    pairs = list(zip(recommended, true, strict=True))
    return {k: mean_metrics([evaluate_list(ids, wanted, k) for ids, wanted in pairs]) for k in ks}


def evaluate_list(recommended: Sequence[Any], true: Collection[Any], k: int) -> Metrics | None:
    """The six metrics of one list, or None when nothing is true."""
    wanted = set(true) - PADDING
    hits = [one in wanted and one not in recommended[:rank] for rank, one in enumerate(recommended)]
    return metrics_of_hits(hits, len(wanted), k) if wanted else None
