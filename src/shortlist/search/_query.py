"""Search a snapshot: its engine and the delta added since, or only the rows of an allow list."""

import numpy as np

from shortlist.search._engine import Found
from shortlist.search._requests import Request
from shortlist.search._row_filter import RowFilter
from shortlist.search._snapshot import Snapshot

__all__ = ["answer", "best", "scores_of"]

_CHUNK_ROWS = 2**16


def answer(snapshot: Snapshot, queries: np.ndarray, k: int, request: Request) -> Found:
    """Return the k highest-scoring candidates for each query that pass its filters.

    If k candidates pass the filters, k are returned, even by an approximate engine.

    Args:
        snapshot: Candidates to search.
        queries: `[num_queries, heads, dim]`, float32.
        k: Number of results per query, >= 1.
        request: Filters of the queries.

    Returns:
        Scores and rows `[num_queries, min(k, num_candidates)]`.
    """
    width = min(k, snapshot.num_candidates)
    if width == 0 or queries.shape[0] == 0:
        shape = (queries.shape[0], width)
        return np.empty(shape, "float32"), np.empty(shape, "int32")
    if request.allowed is not None:
        return _search_allowed(snapshot, queries, width, request)
    found = _search_engine(snapshot, queries, width, request)
    if len(snapshot.delta):
        found = _merged(found, _search_delta(snapshot, queries, width, request), width)
    return found


def _search_engine(snapshot: Snapshot, queries: np.ndarray, width: int, request: Request) -> Found:
    engine, row_filter = snapshot.engine, request.filter_of_engine(snapshot)
    found = engine.search(queries, min(width, engine.num_rows), row_filter)
    return found if engine.is_exact else _completed(snapshot, queries, found, row_filter)


def _completed(snapshot: Snapshot, queries: np.ndarray, found: Found, row_filter: RowFilter) -> Found:
    """Search all allowed rows exactly for queries with fewer than k approximate results."""
    short = np.flatnonzero(found[1][:, -1] < 0)
    if not len(short):
        return found
    scores, rows = found[0].copy(), found[1].copy()
    every = np.arange(snapshot.engine.num_rows)
    for query in short.tolist():
        allowed = every[row_filter.accepts(every[None], np.array([query]))[0]]
        scores[query], rows[query] = _best_of_rows(snapshot, queries[query], allowed, rows.shape[1])
    return scores, rows


def _search_allowed(snapshot: Snapshot, queries: np.ndarray, width: int, request: Request) -> Found:
    assert request.allowed is not None
    row_filter = request.filter_of_all(snapshot)
    scores, rows = np.empty((len(queries), width), "float32"), np.empty((len(queries), width), "int32")
    last, vectors, listed = None, np.empty(0), np.empty(0, "int64")
    for query, allowed in enumerate(request.allowed):
        if allowed is not last:  # gather the vectors of a shared list only once
            listed = np.unique(allowed)
            last, vectors = allowed, snapshot.vectors_of(listed)
        each = scores_of(queries[query], vectors)
        each = np.where(row_filter.accepts(listed[None], np.array([query]))[0], each, -np.inf)
        scores[query], rows[query] = best(each, listed, width)
    return scores, rows


def _search_delta(snapshot: Snapshot, queries: np.ndarray, width: int, request: Request) -> Found:
    row_filter = request.filter_of_all(snapshot)
    delta = np.arange(snapshot.engine.num_rows, snapshot.num_rows)
    scores, rows = np.empty((len(queries), width), "float32"), np.empty((len(queries), width), "int32")
    for query, vectors in enumerate(queries):
        is_allowed = row_filter.accepts(delta[None], np.array([query]))[0]
        each = np.where(is_allowed, scores_of(vectors, snapshot.delta), -np.inf)
        scores[query], rows[query] = best(each, delta, width)
    return scores, rows


def _best_of_rows(snapshot: Snapshot, query: np.ndarray, rows: np.ndarray, width: int) -> Found:
    found = best(np.empty(0, "float32"), np.empty(0, "int32"), width)
    for first in range(0, len(rows), _CHUNK_ROWS):
        chunk = rows[first : first + _CHUNK_ROWS]
        part = best(scores_of(query, snapshot.vectors_of(chunk)), chunk, width)
        joined = np.concatenate([found[0], part[0]]), np.concatenate([found[1], part[1]])
        found = best(*joined, width)
    return found


def _merged(left: Found, right: Found, width: int) -> Found:
    scores, rows = (np.concatenate(pair, axis=1) for pair in zip(left, right, strict=True))
    each = [best(line, some, width) for line, some in zip(scores, rows, strict=True)]
    return np.array([line for line, _ in each]), np.array([some for _, some in each])


def scores_of(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Score vectors by their maximum dot product with the heads of a query.

    Args:
        query: `[heads, dim]`.
        vectors: `[n, dim]`.

    Returns:
        `[n]`, float32.
    """
    return (vectors @ query.T).max(axis=1) if len(query) > 1 else vectors @ query[0]


def best(scores: np.ndarray, rows: np.ndarray, width: int) -> Found:
    """Return the rows with the highest scores, best first; ties are broken by row order.

    Args:
        scores: `[n]`; -inf for rows that are filtered out.
        rows: `[n]`.
        width: Number of results.

    Returns:
        Scores and rows, both `[width]`, padded with -inf and -1.
    """
    if len(scores) > width:
        least = np.partition(scores, len(scores) - width)[len(scores) - width]
        scores, rows = scores[scores >= least], rows[scores >= least]
    order = np.lexsort((rows, -scores))[:width]
    filled = np.full(width, -np.inf, "float32"), np.full(width, -1, "int32")
    filled[0][: len(order)], filled[1][: len(order)] = scores[order], rows[order]
    filled[1][np.isneginf(filled[0])] = -1
    return filled
