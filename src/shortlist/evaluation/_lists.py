"""Ranking metrics of lists of ids: the place of each true item, and what follows from it."""

from collections.abc import Iterator, Sequence
from itertools import repeat

import numpy as np

from shortlist.errors import ArgumentError
from shortlist.metrics._ranking import ranking_metrics
from shortlist.metrics._true_ranks import NEVER, NUMPY, TrueRanks
from shortlist.typing import ArrayLike

__all__ = ["check_lists", "metrics_of_ranks", "ranks_in_lists"]

_LARGEST = 2**22
"""Numbers in one array: a position of a list each, or a pair of a query's true items."""

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


def metrics_of_ranks(
    ranks: np.ndarray, queries: np.ndarray, k: int, metrics: Sequence[str]
) -> dict[str, np.ndarray]:
    """Compute metrics of each query's first k positions; each is defined in its file of `shortlist.metrics`.

    Args:
        ranks: float64 [P], the rank of each true item, counted from 1; infinity when it was not recommended.
        queries: int [P], the query of each true item; each number from 0 to Q - 1 is there.
        k: The number of positions that count.
        metrics: Names of metrics.

    Returns:
        float64 [Q] for each name.

    Example:
        >>> values = metrics_of_ranks(np.array([2.0, np.inf]), np.array([0, 0]), 10, ["recall", "mrr"])
        >>> {name: value.tolist() for name, value in values.items()}
        {'recall': [0.5], 'mrr': [0.5]}
    """
    better = np.minimum(ranks - 1, NEVER)[np.argsort(queries, kind="stable")]
    num_true = np.bincount(queries)
    starts = np.cumsum(num_true) - num_true
    values = {name: np.empty(len(num_true)) for name in metrics}
    for part in _parts(num_true, k):
        slots = np.arange(num_true[part].max())
        is_true = slots < num_true[part][:, None]
        padded = better[np.where(is_true, starts[part][:, None] + slots, 0)]
        true_ranks = TrueRanks(padded, np.ones(padded.shape), is_true, NUMPY)
        for name, value in ranking_metrics(true_ranks, k, metrics).items():
            values[name][part] = value
    return values


def _parts(num_true: np.ndarray, k: int) -> Iterator[np.ndarray]:
    """Queries of similar numbers of true items, as many at once as `_LARGEST` numbers allow."""
    order = np.argsort(-num_true, kind="stable")
    start = 0
    while start < len(order):
        size = max(1, _LARGEST // max(k, int(num_true[order[start]]) ** 2))
        yield order[start : start + size]
        start += size
