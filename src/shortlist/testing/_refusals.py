"""Checks that an index rejects invalid input and is unchanged afterwards."""

from collections.abc import Callable
from typing import Any

import numpy as np

from shortlist.errors import ArgumentError, NotIndexedError
from shortlist.indexes import StoredIndex
from shortlist.testing._answers import require
from shortlist.testing._catalog import Catalog

__all__ = ["check_not_indexed", "check_refused_candidates", "check_refused_changes", "check_refused_requests"]


def _check(
    what: str, error: type[Exception], call: Callable[..., Any], *arguments: Any, **named: Any
) -> None:
    try:
        call(*arguments, **named)
    except error:
        return
    except Exception as other:
        raise AssertionError(f"{what}: got {other!r}, expected {error.__name__}.") from other
    raise AssertionError(f"{what}: got no error, expected {error.__name__}.")


def check_refused_requests(index: StoredIndex, queries: np.ndarray) -> None:
    """Check that invalid queries, k, ids and attributes are rejected.

    Args:
        index: Index with string ids.
        queries: `[3, dim]`, float32.

    Raises:
        AssertionError: If one is accepted, or rejected with another error.
    """
    for k in (0, -1, 1.5, True, "3"):
        _check(f"k = {k!r}", ArgumentError, index, queries, k)
    broken = {
        "queries of another width": queries[:, 1:],
        "one query without a batch": queries[0],
        "a query with NaN": np.full_like(queries, np.nan),
    }
    for name, vectors in broken.items():
        _check(name, ArgumentError, index, vectors, 1)
    requests: dict[str, dict[str, Any]] = {
        "two lists of exclude for three queries": {"exclude": [["a"], ["b"]]},
        "two lists of allow for three queries": {"allow": [["a"], ["b"]]},
        "two dicts of where for three queries": {"where": [{}, {}]},
        "where, an unknown attribute": {"where": {"no such": 1}},
    }
    for name, asked in requests.items():
        _check(name, ArgumentError, index, queries, 1, **asked)
    _check("exclude, ids of another type", ValueError, index, queries, 1, exclude=[7])
    _check("similar to an unknown id", ArgumentError, index.similar, ["nowhere"], 1)
    _check("score, lists of different lengths", ArgumentError, index.score, queries[:2], [["a"], []])


def check_refused_candidates(make: Callable[..., StoredIndex], catalog: Catalog) -> None:
    """Check that `index` rejects invalid candidates.

    Args:
        make: See `check_index`.
        catalog: Valid candidates.

    Raises:
        AssertionError: If they are accepted, or rejected with another error.
    """
    vectors, ids = catalog.vectors, catalog.ids
    broken = vectors.copy()
    broken[1, 0] = np.nan
    cases: dict[str, tuple[Any, ...]] = {
        "a vector with NaN": (broken, ids),
        "fewer ids than vectors": (vectors, ids[1:]),
        "a duplicate id": (vectors, [ids[1], *ids[1:]]),
        "no candidates": (vectors[:0], []),
        "attributes of another length": (vectors, ids, {"color": ["red"]}),
    }
    for name, candidates in cases.items():
        _check(name, ValueError, make, *candidates)
    for k in (0, 1.5, True):
        _check(f"make, k = {k!r}", ArgumentError, make, vectors, ids, k=k)


def check_refused_changes(index: StoredIndex, queries: np.ndarray) -> None:
    """Check that `upsert` rejects invalid candidates and leaves the index unchanged.

    Args:
        index: Index with string ids.
        queries: `[num_queries, dim]`, float32.

    Raises:
        AssertionError: If they are accepted, rejected with another error, or the index has changed.
    """
    two, (scores, ids) = index.vectors[:2], index(queries, 3)
    cases: dict[str, tuple[Any, ...]] = {
        "upsert, vectors of another width": (["a", "b"], two[:, 1:]),
        "upsert, a vector with NaN": (["a", "b"], np.full_like(two, np.nan)),
        "upsert, a duplicate id": (["a", "a"], two),
        "upsert, more vectors than ids": (["a"], two),
        "upsert, ids of another type": ([1, 2], two),
        "upsert, attributes of another length": (["a", "b"], two, {"color": ["red"]}),
    }
    for name, change in cases.items():
        _check(name, ValueError, index.upsert, *change)
        after = index(queries, 3)
        require(
            np.array_equal(after[0], scores) and after[1].tolist() == ids.tolist(),
            name,
            f"got ids {after[1].tolist()} afterwards, expected {ids.tolist()} as before.",
        )


def check_not_indexed(index: StoredIndex, queries: np.ndarray) -> None:
    """Check that an index without candidates raises `NotIndexedError`.

    Args:
        index: Index whose configuration is copied.
        queries: `[num_queries, dim]`, float32.

    Raises:
        AssertionError: If a call succeeds, or raises another error.
    """
    empty = index.from_config(index.get_config())
    for name, call, *arguments in (
        ("a query", empty, queries, 1),
        ("score", empty.score, queries, ["a"]),
        ("similar", empty.similar, ["a"], 1),
        ("upsert", empty.upsert, ["a"], queries[:1]),
        ("remove", empty.remove, ["a"]),
        ("compact", empty.compact),
    ):
        _check(f"{name} before index()", NotIndexedError, call, *arguments)
    number = empty.num_candidates
    require(number == 0, "before index()", f"got {number} candidates, expected 0.")
