"""What every index promises, as checks that take a way to make one."""

from collections.abc import Callable
from typing import Any

import numpy as np

from shortlist.indexes import StoredIndex
from shortlist.testing.answers import (
    check_answers,
    check_lists,
    check_recall,
    check_scores,
    check_similar,
    require,
)
from shortlist.testing.catalogue import KINDS, Catalogue, Wanted, drawn, drawn_queries, unknown_of
from shortlist.testing.changes import check_changes, check_emptied, check_saved
from shortlist.testing.refusals import (
    check_not_indexed,
    check_refused_candidates,
    check_refused_changes,
    check_refused_requests,
)

__all__ = ["check_index"]

_NUM_CANDIDATES = 43
"""More values of attributes than the bits of a word, and a number that nothing divides."""


def check_index(make: Callable[..., StoredIndex]) -> None:
    """Hold an index to all that indexes promise, beside an oracle that scores candidates one by one.

    Vectors are small whole numbers, so that ties are certain and nothing rounds. Where `is_exact()` the very
    ids and their order are demanded; elsewhere as many as are allowed, none forbidden, none twice, each with
    its true score, best first; and with the greatest effort, half of the 5 best at least.

    Args:
        make: `make(vectors, ids, attributes=None, **options)` returns an index that holds them; ids may be
            None, and options are the index's own, such as `k`.

    Raises:
        AssertionError: A promise is broken; the message names it, what came and what was expected.

    Example:
        >>> from shortlist.indexes import BruteForce
        >>> check_index(lambda vectors, ids, attributes=None, **options:
        ...             BruteForce(**options).index(vectors, ids, attributes))
    """
    for seed, kind in enumerate(KINDS):
        _check_ids(make, drawn(seed, _NUM_CANDIDATES // 4, kind), kind)
    _check_row_numbers(make)
    catalogue, queries = drawn(3, _NUM_CANDIDATES), drawn_queries(3, 3)
    index = _made(make, catalogue)
    check_answers("answers", index, catalogue, queries)
    check_answers("one query", index, catalogue, queries[2:], ks=(1,))
    heads = np.stack([queries, queries[::-1]], axis=1)
    check_answers("queries of several vectors", index, catalogue, heads, ks=(3,))
    check_recall(index, catalogue, drawn_queries(4, 20))
    check_lists(index, catalogue, queries)
    check_similar(index, catalogue)
    check_refused_requests(index, queries)
    check_refused_changes(index, queries)
    check_refused_candidates(make, catalogue)
    check_not_indexed(index, queries)
    check_changes(index, catalogue, queries)
    check_emptied(index, queries)
    _check_default_k(make, catalogue, queries)


def _check_default_k(make: Callable[..., StoredIndex], catalogue: Catalogue, queries: np.ndarray) -> None:
    width = _made(make, catalogue, k=2)(queries)[1].shape[1]
    require(width == 2, "k of the index", f"got {width} answers, expected the 2 of its k.")


def _check_ids(make: Callable[..., StoredIndex], catalogue: Catalogue, kind: str) -> None:
    """Ids of one kind, which fall together when they are cast."""
    queries, ids = drawn_queries(0, 2), catalogue.ids
    beyond = (len(ids) + 2,)
    index = _made(make, catalogue)
    check_answers(f"ids of {kind}", index, catalogue, queries, ks=beyond)
    excluding, allowing = [Wanted(ids[:2])] * 2, [Wanted(allow=ids[:2])] * 2
    check_answers(f"exclude, ids of {kind}", index, catalogue, queries, excluding, beyond, exclude=ids[:2])
    check_answers(f"allow, ids of {kind}", index, catalogue, queries, allowing, beyond, allow=ids[:2])
    check_scores(index, catalogue, queries, unknown_of(kind))
    check_saved(index, queries)


def _check_row_numbers(make: Callable[..., StoredIndex]) -> None:
    """Candidates without ids answer to their row numbers."""
    catalogue, queries = drawn(0, _NUM_CANDIDATES // 4, "int64"), drawn_queries(0, 2)
    catalogue = catalogue._replace(ids=list(range(len(catalogue.ids))))
    index = make(catalogue.vectors, None, catalogue.attributes)
    check_answers("no ids", index, catalogue, queries, ks=(len(catalogue.ids) + 2,))
    check_scores(index, catalogue, queries, unknown_of("int64"))


def _made(make: Callable[..., StoredIndex], catalogue: Catalogue, **options: Any) -> StoredIndex:
    return make(catalogue.vectors, catalogue.ids, catalogue.attributes, **options)
