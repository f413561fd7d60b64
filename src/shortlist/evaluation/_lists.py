"""Ranking metrics of lists of ids: the place of each true item, and what follows from it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from shortlist.errors import ArgumentError
from shortlist.typing import ArrayLike

__all__ = ["METRICS", "check_lists", "ranking_metrics", "ranks_in_lists"]

_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "bytes": (bytes,), "int64": (int, np.integer)}


def check_lists(lists: ArrayLike, num_users: int, k: int, kind: str) -> np.ndarray:
    """Bring recommended ids to one array, and make sure that they can be compared with ids of a kind.

    Args:
        lists: [num_users, at most k] ids; None is padding.
        num_users: How many lists were asked for.
        k: How many ids were asked for.
        kind: `"str"`, `"bytes"` or `"int64"`, the kind of the test items.

    Returns:
        The ids as an array of the same shape.

    Raises:
        ArgumentError: The shape is another, or an id is of another kind.

    Example:
        >>> check_lists([["b", None], ["a", "b"]], num_users=2, k=2, kind="str").shape
        (2, 2)
    """
    array = _as_matrix(lists)
    if array.ndim != 2 or len(array) != num_users or array.shape[1] > k:
        raise ArgumentError(
            f"recommend returned ids of shape {array.shape}, expected [{num_users}, {k}]: one list for each "
            "user, best first, filled up with None, an empty id or -1 where there are fewer."
        )
    others = set(map(type, array.ravel().tolist())) - {type(None)}
    wrong = [other.__name__ for other in others if not issubclass(other, _TYPES[kind])]
    if wrong:
        raise ArgumentError(
            f"recommend returned ids of type {wrong[0]}, expected {kind} as the items of test: "
            "ids of different kinds are never equal, so return them as they are in the interactions."
        )
    return array


def _as_matrix(lists: ArrayLike) -> np.ndarray:
    # Of lists, an array that may choose its type would make "7" of 7, and lists of several lengths an error.
    return np.asarray(lists) if hasattr(lists, "__array__") else np.asarray(lists, dtype=object)


def ranks_in_lists(lists: np.ndarray, rows: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Find the rank at which each id stands in its list, counted from 1.

    An id that stands in a list twice counts at its first place; the second place stays taken.

    Args:
        lists: [L, k] ids, best first.
        rows: int [P], the list that each id is looked up in.
        ids: [P], the ids to look up.

    Returns:
        float64 [P]; infinity where the id is not in the list.

    Example:
        >>> lists = np.array([["b", "a"], ["c", "b"]])
        >>> ranks_in_lists(lists, np.array([0, 1]), np.array(["a", "a"])).tolist()
        [2.0, inf]
    """
    numbers = {one: number for number, one in enumerate(dict.fromkeys(ids.tolist()))}
    listed = _numbers(lists, numbers)
    slots = np.flatnonzero(listed >= 0)
    listed_keys = slots // max(lists.shape[1], 1) * len(numbers) + listed[slots]
    # `unique` gives the first place of each key.
    known_keys, firsts = np.unique(listed_keys, return_index=True)
    wanted_keys = rows * len(numbers) + _numbers(ids, numbers)
    found = np.searchsorted(known_keys, wanted_keys)
    is_listed = np.isin(wanted_keys, known_keys)
    ranks = np.full(len(ids), np.inf)
    ranks[is_listed] = slots[firsts[found[is_listed]]] % lists.shape[1] + 1
    return ranks


def _numbers(ids: np.ndarray, numbers: dict[str | bytes | int, int]) -> np.ndarray:
    """The number of each id, flat; -1 for an id that has none, as padding."""
    values = ids.ravel().tolist()
    return np.fromiter(map(numbers.get, values, repeat(-1)), dtype=np.int64, count=len(values))


@dataclass(frozen=True)
class _Hits:
    """What stands in the first k places: ranks [H] and queries [H], ordered by both, and num_true [Q]."""

    ranks: np.ndarray
    queries: np.ndarray
    num_true: np.ndarray
    k: int

    def sums(self, values: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(self.queries, values, minlength=len(self.num_true)).astype(np.float64)

    def slots(self) -> np.ndarray:
        """For each hit, how many hits its query has up to that rank: 1, 2, ..."""
        starts = np.cumsum(self.sums()) - self.sums()
        return np.arange(1, len(self.ranks) + 1) - starts[self.queries]


def ranking_metrics(
    ranks: np.ndarray, queries: np.ndarray, k: int, metrics: Sequence[str]
) -> dict[str, np.ndarray]:
    """Compute metrics of each query's first k places.

    | measure | value |
    |---|---|
    | `recall` | hits / num_true |
    | `precision` | hits / k |
    | `hit_rate` | 1 if there is a hit, else 0 |
    | `mrr` | 1 / rank of the first hit |
    | `ndcg` | ∑ 1 / log2(rank + 1) over hits, divided by the same sum over ranks 1 to min(num_true, k) |
    | `map` | ∑ precision at the rank of each hit, divided by min(num_true, k) |

    Args:
        ranks: float64 [P], the rank of each true item, counted from 1; infinity when it was not recommended.
        queries: int [P], the query of each true item; each number from 0 to Q - 1 is there.
        k: The number of places that count.
        metrics: Names from the table.

    Returns:
        float64 [Q] for each name.

    Example:
        >>> values = ranking_metrics(np.array([2.0, np.inf]), np.array([0, 0]), 10, ["recall", "mrr"])
        >>> {name: value.tolist() for name, value in values.items()}
        {'recall': [0.5], 'mrr': [0.5]}

    Source:
        Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", 2002 (NDCG);
        Manning, Raghavan and Schütze, "Introduction to Information Retrieval", 2008, chapter 8 (the others).
    """
    is_hit = ranks <= k
    order = np.lexsort((ranks[is_hit], queries[is_hit]))
    hits = _Hits(ranks[is_hit][order], queries[is_hit][order], np.bincount(queries), k)
    return {measure: _FUNCTIONS[measure](hits) for measure in metrics}


def _recall(hits: _Hits) -> np.ndarray:
    return hits.sums() / hits.num_true


def _precision(hits: _Hits) -> np.ndarray:
    return hits.sums() / hits.k


def _hit_rate(hits: _Hits) -> np.ndarray:
    return (hits.sums() > 0).astype(np.float64)


def _mrr(hits: _Hits) -> np.ndarray:
    return hits.sums((hits.slots() == 1) / hits.ranks)


def _ndcg(hits: _Hits) -> np.ndarray:
    num_ideal = np.minimum(hits.num_true, hits.k)
    ideal = np.cumsum(1 / np.log2(np.arange(1, num_ideal.max() + 1) + 1))
    return hits.sums(1 / np.log2(hits.ranks + 1)) / ideal[num_ideal - 1]


def _map(hits: _Hits) -> np.ndarray:
    return hits.sums(hits.slots() / hits.ranks) / np.minimum(hits.num_true, hits.k)


_FUNCTIONS: dict[str, Callable[[_Hits], np.ndarray]] = {
    "recall": _recall,
    "precision": _precision,
    "hit_rate": _hit_rate,
    "mrr": _mrr,
    "ndcg": _ndcg,
    "map": _map,
}

METRICS = tuple(_FUNCTIONS)
"""The names of all metrics."""
