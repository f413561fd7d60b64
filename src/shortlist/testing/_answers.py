"""Checks of the answers of an index against a brute-force oracle."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from shortlist.indexes import StoredIndex
from shortlist.search import RowFilter
from shortlist.testing._catalog import Catalog, Wanted, padding_of, unknown_of

__all__ = [
    "check_answers",
    "check_lists",
    "check_recall",
    "check_scores",
    "check_similar",
    "is_true",
    "require",
]

_EVERYTHING = Wanted()

_LEAST_RECALL = 0.5


def is_true(found: Any, true: Any) -> bool:
    """Return whether scores are equal up to rounding.

    Args:
        found: Scores returned by the index.
        true: Expected scores, same shape.
    """
    return np.shape(found) == np.shape(true) and bool(np.allclose(found, true, rtol=1e-4, atol=1e-4))


def require(is_kept: bool, check: str, told: str) -> None:
    """Raise `AssertionError("<check>: <told>")` unless `is_kept`.

    Args:
        is_kept: Result of the check.
        check: Name of the check.
        told: The value found and the value expected.

    Raises:
        AssertionError: If `is_kept` is False.
    """
    if not is_kept:
        raise AssertionError(f"{check}: {told}")


def check_answers(
    check: str,
    index: StoredIndex,
    catalog: Catalog,
    queries: np.ndarray,
    wanted: Sequence[Wanted] | None = None,
    ks: Sequence[int] | None = None,
    **asked: Any,
) -> None:
    """Query the index and compare its answers with those of the oracle.

    Args:
        check: Name of the check, for the error message.
        index: Index that holds the catalog.
        catalog: Its candidates.
        queries: `[num_queries, dim]` or `[num_queries, heads, dim]`, float32.
        wanted: Filter of each query, for the oracle; no filters if None.
        ks: Values of k; 3 and more than the catalog holds if None.
        **asked: The same filters, as keyword arguments of the index call.

    Raises:
        AssertionError: If an answer is wrong.
    """
    wanted = [_EVERYTHING] * len(queries) if wanted is None else wanted
    for k in (3, len(catalog.ids) + 2) if ks is None else ks:
        scores, ids = index(queries, k, **asked)
        width = min(k, len(catalog.ids))
        require(
            np.shape(scores) == np.shape(ids) == (len(queries), width) and scores.dtype == np.float32,
            check,
            f"got {scores.dtype} scores of shape {np.shape(scores)} and ids of shape {np.shape(ids)} for "
            f"k = {k}, expected shape {(len(queries), width)} and float32.",
        )
        for query, one, each, listed in zip(queries, wanted, scores, ids.tolist(), strict=True):
            check_answer(f"{check}, k = {k}", catalog, query, one, (each, listed), index.is_exact())


def check_answer(
    check: str,
    catalog: Catalog,
    query: np.ndarray,
    wanted: Wanted,
    found: tuple[np.ndarray, list[Any]],
    is_exact: bool,
) -> None:
    """Compare the answer of one query with that of the oracle.

    Args:
        check: Name of the check, for the error message.
        catalog: Candidates that were searched.
        query: `[dim]` or `[heads, dim]`.
        wanted: Filter of the query.
        found: Scores and ids, `[width]` each.
        is_exact: Require the best candidates in order, not just any that pass the filter.

    Raises:
        AssertionError: If the answer is wrong.
    """
    true, rows, (scores, ids) = catalog.scores(query), catalog.rows(wanted), found
    number = min(len(ids), len(rows))
    rest = len(ids) - number
    padding = [padding_of(catalog.ids)] * rest
    require(
        ids[number:] == padding and all(np.isneginf(scores[number:])),
        check,
        f"{len(rows)} candidates are allowed, but the padding holds ids {ids[number:]} with scores "
        f"{scores[number:].tolist()}, expected {padding} with minus infinity.",
    )
    row_of = {id_: row for row, id_ in enumerate(catalog.ids)}
    allowed = {catalog.ids[row] for row in rows}
    wrong = [id_ for id_ in ids[:number] if id_ not in allowed]
    require(not wrong, check, f"got ids {wrong}, expected {number} ids that pass the filter.")
    require(len(set(ids[:number])) == number, check, f"got ids {ids}, expected unique ids.")
    of_found = [true[row_of[id_]] for id_ in ids[:number]]
    require(is_true(scores[:number], of_found), check, f"got scores {scores.tolist()}, expected {of_found}.")
    require(
        bool((np.diff(scores[:number]) <= 0).all()),
        check,
        f"got scores {scores.tolist()}, expected best first.",
    )
    best = [catalog.ids[row] for row in sorted(rows, key=lambda row: (-true[row], row))[:number]]
    require(not is_exact or ids[:number] == best, check, f"got {ids[:number]}, expected {best}.")


def check_recall(index: StoredIndex, catalog: Catalog, queries: np.ndarray) -> None:
    """Check that an approximate index with the largest search budget finds half of the 5 best.

    Args:
        index: Index that holds the catalog.
        catalog: Its candidates.
        queries: `[num_queries, dim]`.

    Raises:
        AssertionError: If it finds fewer.
    """
    engine, k = index.snapshot().engine, min(5, len(catalog.ids))
    if engine.is_exact:
        return
    widest = engine.with_search_budget(engine.max_search_budget)
    everything = RowFilter(np.empty((len(queries), 0), "int32"))
    scores, _ = widest.search(queries[:, None], k, everything)
    least = [sorted(catalog.scores(query))[-k] for query in queries]
    recall = float((scores >= np.array(least)[:, None] - 1e-4).mean())
    require(
        recall >= _LEAST_RECALL,
        "recall",
        f"the largest search budget, {widest.label()}, found {recall:.0%} of the {k} best, expected "
        f"at least {_LEAST_RECALL:.0%}.",
    )


def check_lists(index: StoredIndex, catalog: Catalog, queries: np.ndarray) -> None:
    """Check `exclude`, `allow` and `where` in all accepted forms.

    Args:
        index: Index that holds the catalog.
        catalog: Its candidates.
        queries: `[3, dim]`.

    Raises:
        AssertionError: If an answer is wrong.
    """
    ids, nowhere, padding = catalog.ids, unknown_of("str"), padding_of(catalog.ids)
    lists = [ids[:4], [], [ids[-1], nowhere, ids[-1]]]
    matrix = _matrix([[ids[0], padding], [padding, ids[1]], [nowhere, nowhere]])
    wheres: list[dict[str, Any]] = [
        {"color": "red", "price": (None, 0.5)},
        {},
        {"code": [0, 39], "tags": ["new", "old"]},
    ]
    of_each: dict[str, tuple[Any, list[Any]]] = {
        "one list per query": (lists, lists),
        "one list for all queries": (ids[:4], [ids[:4]] * 3),
        "a padded matrix": (matrix, matrix.tolist()),
        "unknown ids": ([nowhere], [[nowhere]] * 3),
        "all but two": (ids[2:], [ids[2:]] * 3),
        "all": ([ids, ids, []], [ids, ids, []]),
        "a duplicate": ([ids[3]] * 2 + [ids[1]], [[ids[3], ids[1]]] * 3),
    }
    for name, (asked, each) in of_each.items():
        excluding, allowing = [Wanted(exclude=one) for one in each], [Wanted(allow=one) for one in each]
        check_answers(f"exclude, {name}", index, catalog, queries, excluding, exclude=asked)
        check_answers(f"allow, {name}", index, catalog, queries, allowing, allow=asked)
    ones: list[dict[str, Any]] = [
        {"color": "green"},
        {"tags": "sale"},
        {"code": [1, 33]},
        {"color": "no"},
        {"price": (-0.5, 1.5)},
        {"price": (0.0, None), "color": "red"},
        {"price": (None, None)},
        {"price": 2.5, "code": (3, 30)},
        {"price": (9.0, None)},
        {},
    ]
    for where in ones:
        each_where = [Wanted(where=where)] * 3
        check_answers(f"where = {where}", index, catalog, queries, each_where, where=where)
    check_answers(
        "where, one per query", index, catalog, queries, [Wanted(where=w) for w in wheres], where=wheres
    )
    combined = [Wanted(one, ids[::2], where) for one, where in zip(lists, wheres, strict=True)]
    asked = {"exclude": lists, "allow": ids[::2], "where": wheres}
    check_answers("exclude, allow and where", index, catalog, queries, combined, **asked)
    unknown = index(queries, 1, exclude=lists, allow=[nowhere], with_unknown=True)[2]
    expected = [[nowhere], [nowhere], [nowhere, nowhere]]
    require(unknown == expected, "with_unknown", f"got {unknown}, expected {expected}.")


def _matrix(lists: list[list[Any]]) -> np.ndarray:
    return np.array(lists, "int64" if isinstance(lists[0][0], int) else object)


def check_scores(index: StoredIndex, catalog: Catalog, queries: np.ndarray, unknown: Any) -> None:
    """Check that `score` returns the scores of the listed ids in order.

    Args:
        index: Index that holds the catalog.
        catalog: Its candidates.
        queries: `[num_queries, dim]`.
        unknown: An id that is not in the catalog.

    Raises:
        AssertionError: If a score is wrong.
    """
    rows = [len(catalog.ids) - 1, 0, 3]
    listed = [*(catalog.ids[row] for row in rows), unknown]
    expected = [[*(catalog.scores(query)[row] for row in rows), -np.inf] for query in queries]
    for asked in (listed, [listed] * len(queries)):
        found = index.score(queries, asked)
        require(is_true(found, expected), "score", f"got {found.tolist()}, expected {expected}.")


def check_similar(index: StoredIndex, catalog: Catalog) -> None:
    """Check that `similar` returns the nearest candidates without the candidate itself.

    Args:
        index: Index that holds the catalog.
        catalog: Its candidates.

    Raises:
        AssertionError: If an answer is wrong.
    """
    for where in ({}, {"color": "red"}):
        asked = [catalog.ids[-1], catalog.ids[2]]
        scores, ids = index.similar(asked, 4, where=where)
        for row, each, listed in zip((-1, 2), scores, ids.tolist(), strict=True):
            wanted, query = Wanted([catalog.ids[row]], where=where), catalog.vectors[row]
            check_answer("similar", catalog, query, wanted, (each, listed), index.is_exact())
