"""Ranking metrics of lists of ids, from the rank of each true item."""

from collections.abc import Iterator, Sequence
from itertools import repeat

import numpy as np

from shortlist.errors import ArgumentError, must
from shortlist.metrics._ranking import RankingMetric, metric_name, ranking_metrics
from shortlist.metrics._true_ranks import NEVER, NUMPY, TrueRanks
from shortlist.typing import ArrayLike

__all__ = ["check_lists", "metrics_of_ranks", "ranks_in_lists"]

_LARGEST = 2**22
"""Maximum number of entries of a padded batch, unless one query alone needs more."""

_TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "bytes": (bytes,), "int64": (int, np.integer)}


def check_lists(lists: ArrayLike, num_users: int, k: int, kind: str) -> np.ndarray:
    """Return recommended ids as an array, after checking their shape and kind.

    Args:
        lists: Ids, `[num_users, n]` with n <= k, padded with None, an empty id or -1.
        num_users: Expected number of lists.
        k: Maximum list length.
        kind: Kind of the test items: `"str"`, `"bytes"` or `"int64"`.

    Raises:
        ArgumentError: If the shape is wrong or an id is of another kind.

    Example:
        >>> check_lists([["b", None], ["a", "b"]], num_users=2, k=2, kind="str").shape
        (2, 2)
    """
    array = _as_matrix(lists)
    if array.ndim != 2 or len(array) != num_users or array.shape[1] > k:
        fix = "Return one list per user, best first, padded with None, an empty id or -1"
        requirement = f"return ids of shape [{num_users}, {k}] or narrower"
        raise ArgumentError(must("recommend", requirement, got=array.shape, fix=fix))
    others = set(map(type, array.ravel().tolist())) - {type(None)}
    wrong = [other.__name__ for other in others if not issubclass(other, _TYPES[kind])]
    if wrong:
        fix = "Return ids as they are in the interactions, since ids of different kinds are never equal"
        requirement = f"return {kind} ids like the items of test"
        raise ArgumentError(must("recommend", requirement, got=wrong[0], fix=fix))
    return array


def _as_matrix(lists: ArrayLike) -> np.ndarray:
    # Without dtype=object, NumPy would turn 7 into "7" in mixed lists and refuse lists of several lengths.
    return np.asarray(lists) if hasattr(lists, "__array__") else np.asarray(lists, dtype=object)


def ranks_in_lists(lists: np.ndarray, rows: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Return the rank of each id in its list, from 1; infinity if it is not in the list.

    A repeated id counts at its first position; the later position stays occupied.

    Args:
        lists: `[L, k]` ids, best first.
        rows: int `[P]`, index of the list to search for each id.
        ids: `[P]`, ids to find.

    Returns:
        float64 `[P]`.

    Example:
        >>> lists = np.array([["b", "a"], ["c", "b"]])
        >>> ranks_in_lists(lists, np.array([0, 1]), np.array(["a", "a"])).tolist()
        [2.0, inf]
    """
    numbers = {one: number for number, one in enumerate(dict.fromkeys(ids.tolist()))}
    listed = _numbers(lists, numbers)
    slots = np.flatnonzero(listed >= 0)
    listed_keys = slots // max(lists.shape[1], 1) * len(numbers) + listed[slots]
    # `unique` returns the first position of each key.
    known_keys, firsts = np.unique(listed_keys, return_index=True)
    wanted_keys = rows * len(numbers) + _numbers(ids, numbers)
    found = np.searchsorted(known_keys, wanted_keys)
    is_listed = np.isin(wanted_keys, known_keys)
    ranks = np.full(len(ids), np.inf)
    ranks[is_listed] = slots[firsts[found[is_listed]]] % lists.shape[1] + 1
    return ranks


def _numbers(ids: np.ndarray, numbers: dict[str | bytes | int, int]) -> np.ndarray:
    """Return the code of each id, flat; -1 for unknown ids and padding."""
    values = ids.ravel().tolist()
    return np.fromiter(map(numbers.get, values, repeat(-1)), dtype=np.int64, count=len(values))


def metrics_of_ranks(
    ranks: np.ndarray, queries: np.ndarray, k: int, metrics: Sequence[str | RankingMetric]
) -> dict[str, np.ndarray]:
    """Compute the metrics of each query's top k; `shortlist.metrics` defines them.

    Args:
        ranks: float64 `[P]`, rank of each true item, from 1; infinity if it was not recommended.
        queries: int `[P]`, query code of each true item; every code from 0 to Q - 1 occurs.
        k: Cutoff.
        metrics: Names of metrics, or functions.

    Returns:
        float64 `[Q]` by name.

    Example:
        >>> values = metrics_of_ranks(np.array([2.0, np.inf]), np.array([0, 0]), 10, ["recall", "mrr"])
        >>> {name: value.tolist() for name, value in values.items()}
        {'recall': [0.5], 'mrr': [0.5]}
    """
    better = np.minimum(ranks - 1, NEVER)[np.argsort(queries, kind="stable")]
    num_true = np.bincount(queries)
    starts = np.cumsum(num_true) - num_true
    values = {metric_name(metric): np.empty(len(num_true)) for metric in metrics}
    for part in _parts(num_true, k):
        slots = np.arange(num_true[part].max())
        is_true = slots < num_true[part][:, None]
        padded = better[np.where(is_true, starts[part][:, None] + slots, 0)]
        true_ranks = TrueRanks(padded, np.ones(padded.shape), is_true, NUMPY)
        for name, value in ranking_metrics(true_ranks, k, metrics).items():
            values[name][part] = value
    return values


def _parts(num_true: np.ndarray, k: int) -> Iterator[np.ndarray]:
    """Yield queries with similar numbers of true items, in batches of about `_LARGEST` entries at most."""
    order = np.argsort(-num_true, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, _LARGEST // max(k, int(num_true[order[start]]) ** 2))
        yield order[start : start + size]
        start += size
