"""Ranking metrics of one query over a whole catalog, ties by trying every order."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

Metrics = dict[str, float]
MAX_ORDERS = math.factorial(7)


def ranking_metrics(
    scores: ArrayLike, true_rows: Sequence[int], k: int, excluded_rows: Sequence[int] = ()
) -> Metrics | None:
    """Recall, precision, hit rate, MRR, NDCG and MAP at k, expected over all orders of tied candidates.

    Args:
        scores: [N], one score a candidate.
        true_rows: rows of the true candidates; twice the same counts once; -1 is padding; -2 (or any number
            below, each another item) is a true candidate outside the catalog: it counts and is never found.
        k: at least 1; may be larger than N.
        excluded_rows: rows taken out of the catalog before ranking, except true ones; -1 is padding.

    Returns:
        The six metrics, or None when the query has no true candidate.
    """
    values = [float(score) for score in np.asarray(scores, np.float64)]
    true = set(true_rows) - {-1}
    if not true:
        return None
    if max(true) >= len(values) or any(math.isnan(value) for value in values):
        raise ValueError("a true row beyond the catalog, or a score that is not a number")
    catalog = [row for row in range(len(values)) if row in true or row not in set(excluded_rows)]
    orders = tied_orders(values, catalog)
    evaluated = [metrics_of_hits([row in true for row in order], len(true), k) for order in orders]
    return {name: math.fsum(metrics[name] for metrics in evaluated) / len(evaluated) for name in evaluated[0]}


def tied_orders(scores: Sequence[float], rows: Sequence[int]) -> Iterator[list[int]]:
    """Every order of the rows in which a higher score comes first."""
    best_first = sorted(rows, key=lambda row: -scores[row])
    groups = [list(tied) for _, tied in itertools.groupby(best_first, key=lambda row: scores[row])]
    num_orders = math.prod(math.factorial(len(group)) for group in groups)
    if num_orders > MAX_ORDERS:
        raise ValueError(f"{num_orders} orders of tied candidates: take a smaller world")
    for permuted in itertools.product(*(itertools.permutations(group) for group in groups)):
        yield list(itertools.chain.from_iterable(permuted))


def metrics_of_hits(hits: Sequence[bool], num_true: int, k: int) -> Metrics:
    """The six metrics of one ranked list; `hits[r - 1]` says whether the candidate at rank r is true."""
    if k < 1 or num_true < 1:
        raise ValueError(f"k and num_true are at least 1, got {k} and {num_true}")
    ranks = [rank for rank, hit in enumerate(hits, 1) if hit and rank <= k]
    num_ideal = min(num_true, k)
    return {
        "recall": len(ranks) / num_true,
        "precision": len(ranks) / k,
        "hit_rate": 1.0 if ranks else 0.0,
        "mrr": 1 / ranks[0] if ranks else 0.0,
        "ndcg": discounted_gain(ranks) / discounted_gain(range(1, num_ideal + 1)),
        "map": sum(num_hits / rank for num_hits, rank in enumerate(ranks, 1)) / num_ideal,
    }


def discounted_gain(ranks: Sequence[int]) -> float:
    """`sum_r 1 / log2(r + 1)`."""
    return sum(1 / math.log2(rank + 1) for rank in ranks)


def mean_metrics(metrics: Sequence[Metrics | None], weights: Sequence[float] | None = None) -> Metrics | None:
    """`sum(w m) / sum(w)` over the queries that have metrics; None when no such query has weight."""
    weights = [1.0] * len(metrics) if weights is None else weights
    evaluated = [(one, weight) for one, weight in zip(metrics, weights, strict=True) if one is not None]
    total = math.fsum(weight for _, weight in evaluated)
    if total == 0:
        return None
    return {
        name: math.fsum(weight * one[name] for one, weight in evaluated) / total for name in evaluated[0][0]
    }
