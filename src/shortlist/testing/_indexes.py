"""Contract test of indexes."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from shortlist.indexes import StoredIndex
from shortlist.testing._answers import (
    check_answers,
    check_lists,
    check_recall,
    check_scores,
    check_similar,
    require,
)
from shortlist.testing._catalog import KINDS, Catalog, Wanted, drawn, drawn_queries, unknown_of
from shortlist.testing._changes import check_changes, check_emptied, check_saved
from shortlist.testing._clauses import clause
from shortlist.testing._refusals import (
    check_not_indexed,
    check_refused_candidates,
    check_refused_changes,
    check_refused_requests,
)
from shortlist.testing._saved import check_reload

__all__ = ["check_index"]

_NUM_CANDIDATES = 43
"""A prime, large enough for more attribute values than the 32 bits of a mask word."""


def check_index(make: Callable[..., StoredIndex], *, folder: str | os.PathLike[str] | None = None) -> None:
    """Check the contract of indexes against a brute-force oracle.

    Vectors are small integers, so ties are common and scores are exact. An index with `is_exact()` must
    return the same ids in the same order as the oracle. An approximate one must return
    `min(k, num_allowed)` unique ids that pass the filters, with their true scores, best first, and find half
    of the 5 best with the largest search budget.

    Args:
        make: Function `make(vectors, ids, attributes=None, **options)` that returns an index of these
            candidates. `ids` may be None; `options` are constructor arguments, such as `k`.
        folder: Folder to save the index in, for `check_saved`; None reloads it in this process only.

    Raises:
        AssertionError: If a check fails; the message names the check, the value found and the value expected.

    Example:
        >>> from shortlist.indexes import BruteForce
        >>> check_index(lambda vectors, ids, attributes=None, **options:
        ...             BruteForce(**options).index(vectors, ids, attributes))
    """
    for seed, kind in enumerate(KINDS):
        _check_ids(make, drawn(seed, _NUM_CANDIDATES // 4, kind), kind)
    _check_row_numbers(make)
    catalog, queries = drawn(3, _NUM_CANDIDATES), drawn_queries(3, 3)
    index = _made(make, catalog)
    with clause("saved"):
        check_reload(index, queries, "search", folder)
    check_answers("answers", index, catalog, queries)
    check_answers("one query", index, catalog, queries[2:], ks=(1,))
    heads = np.stack([queries, queries[::-1]], axis=1)
    check_answers("queries with several heads", index, catalog, heads, ks=(3,))
    check_recall(index, catalog, drawn_queries(4, 20))
    check_lists(index, catalog, queries)
    check_similar(index, catalog)
    check_refused_requests(index, queries)
    check_refused_changes(index, queries)
    check_refused_candidates(make, catalog)
    check_not_indexed(index, queries)
    check_changes(index, catalog, queries)
    check_emptied(index, queries)
    _check_default_k(make, catalog, queries)


def _check_default_k(make: Callable[..., StoredIndex], catalog: Catalog, queries: np.ndarray) -> None:
    width = _made(make, catalog, k=2)(queries)[1].shape[1]
    require(width == 2, "k of the index", f"got {width} answers, expected 2, the k of the index.")


def _check_ids(make: Callable[..., StoredIndex], catalog: Catalog, kind: str) -> None:
    """Check ids that collide if the index casts them."""
    queries, ids = drawn_queries(0, 2), catalog.ids
    beyond = (len(ids) + 2,)
    index = _made(make, catalog)
    check_answers(f"ids of {kind}", index, catalog, queries, ks=beyond)
    excluding, allowing = [Wanted(ids[:2])] * 2, [Wanted(allow=ids[:2])] * 2
    check_answers(f"exclude, ids of {kind}", index, catalog, queries, excluding, beyond, exclude=ids[:2])
    check_answers(f"allow, ids of {kind}", index, catalog, queries, allowing, beyond, allow=ids[:2])
    check_scores(index, catalog, queries, unknown_of(kind))
    check_saved(index, queries)


def _check_row_numbers(make: Callable[..., StoredIndex]) -> None:
    """Check that row numbers are used as ids if none are given."""
    catalog, queries = drawn(0, _NUM_CANDIDATES // 4, "int64"), drawn_queries(0, 2)
    catalog = catalog._replace(ids=list(range(len(catalog.ids))))
    index = make(catalog.vectors, None, catalog.attributes)
    check_answers("no ids", index, catalog, queries, ks=(len(catalog.ids) + 2,))
    check_scores(index, catalog, queries, unknown_of("int64"))


def _made(make: Callable[..., StoredIndex], catalog: Catalog, **options: Any) -> StoredIndex:
    return make(catalog.vectors, catalog.ids, catalog.attributes, **options)
