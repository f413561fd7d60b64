"""In-batch softmax, one pair (row, column) at a time, gradients by central finite differences."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Ids = Sequence[Any] | NDArray[Any]


class InBatchSoftmax(TypedDict):
    """What `in_batch_softmax` answers."""

    loss: float
    per_example: FloatArray
    logits: FloatArray
    grad_queries: FloatArray
    grad_candidates: FloatArray
    grad_own: FloatArray


def in_batch_softmax(
    queries: ArrayLike,
    candidates: ArrayLike,
    *,
    temperature: float = 1.0,
    log_probability: ArrayLike | None = None,
    candidate_ids: Ids | None = None,
    remove_accidental_hits: bool = False,
    query_ids: Ids | None = None,
    mask_false_negatives: bool = False,
    score_mask: ArrayLike | None = None,
    num_hard_negatives: int | None = None,
    sample_weight: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    negative_weight: float = 1.0,
    positive_in_denominator: bool = True,
    own: ArrayLike | None = None,
    own_log_probability: ArrayLike | None = None,
    own_ids: Sequence[Ids] | None = None,
) -> InBatchSoftmax:
    """`loss_i = w logsumexp_{j kept}(l_ij) - l_ii`, `l_ij = s_ij / temperature - log_probability_j`.

    Args:
        queries: [B, D], or [B, H, D] for H vectors a query: `s_ij` is the best of the H dot products.
        candidates: [M, D], M >= B; candidate i is the positive of row i, the rest are further negatives.
        temperature: divides the scores, before the correction.
        log_probability: [M], subtracted from every column, the positive's too.
        candidate_ids: [M], int, str or bytes.
        remove_accidental_hits: remove negatives that have the id of the row's positive.
        query_ids: [B], int, str or bytes.
        mask_false_negatives: remove negatives that are the positive of another row of the same query.
        score_mask: [B, M], False removes; ignored on positives.
        num_hard_negatives: of the negatives left, keep this many of highest logit (ties: lowest column).
        sample_weight: [B].
        label_smoothing: share of the label that the kept candidates, the positive among them, have alike.
        negative_weight: w.
        positive_in_denominator: whether the sum holds the positive too; if not, a row without negatives is 0.
        own: [B, m, D], negatives of each row alone: columns M to M + m - 1 of its logits.
        own_log_probability: [B, m], subtracted from them.
        own_ids: [B][m], of the kind of `candidate_ids`; those that would be removed as candidates are.

    Returns:
        Weighted mean loss (0 when all weights are 0), loss of each row, logits with -inf where not kept,
        gradients of the mean. They mean nothing where heads or hard negatives tie: the loss has a kink there.
    """
    queries, candidates = np.asarray(queries, np.float64), np.asarray(candidates, np.float64)
    num_rows, num_columns = len(queries), len(candidates)
    correction = np.zeros(num_columns) if log_probability is None else np.asarray(log_probability, np.float64)
    weights = np.ones(num_rows) if sample_weight is None else np.asarray(sample_weight, np.float64)
    check_shape("log_probability", correction, (num_columns,))
    check_shape("sample_weight", weights, (num_rows,))
    removed = np.zeros((num_rows, num_columns), np.bool_)
    if remove_accidental_hits:
        removed |= accidental_hits(candidate_ids, num_rows, num_columns)
    if mask_false_negatives:
        removed |= false_negatives(query_ids, candidate_ids, num_rows, num_columns)
    if score_mask is not None:
        check_shape("score_mask", np.asarray(score_mask), (num_rows, num_columns))
        removed |= ~np.asarray(score_mask, np.bool_)
    removed[np.arange(num_rows), np.arange(num_rows)] = False  # a positive is never removed
    own = np.zeros((num_rows, 0, candidates.shape[1])) if own is None else np.asarray(own, np.float64)
    own_correction = (
        np.zeros(own.shape[:2])
        if own_log_probability is None
        else np.asarray(own_log_probability, np.float64)
    )
    check_shape("own_log_probability", own_correction, own.shape[:2])
    own_removed = np.zeros(own.shape[:2], np.bool_)
    if own_ids is not None and remove_accidental_hits:
        own_removed |= own_positives(own_ids, candidate_ids, range(num_rows), num_rows, num_columns)
    if own_ids is not None and mask_false_negatives:
        own_removed |= own_positives(own_ids, candidate_ids, query_ids, num_rows, num_columns)

    options = label_smoothing, negative_weight, positive_in_denominator

    def logits_of(queries: FloatArray, candidates: FloatArray, own: FloatArray) -> FloatArray:
        logits = scores(queries, candidates) / temperature - correction
        logits[removed] = -np.inf
        of_own = [scores(queries[i : i + 1], own[i])[0] if own.shape[1] else [] for i in range(num_rows)]
        own_logits = np.reshape(np.array(of_own, np.float64), own.shape[:2]) / temperature - own_correction
        own_logits[own_removed] = -np.inf
        logits = np.concatenate([logits, own_logits], axis=1)
        return logits if num_hard_negatives is None else keep_hardest(logits, num_hard_negatives)

    def mean_of(queries: FloatArray, candidates: FloatArray, own: FloatArray) -> float:
        return weighted_mean(losses(logits_of(queries, candidates, own), *options), weights)

    logits = logits_of(queries, candidates, own)
    return InBatchSoftmax(
        loss=mean_of(queries, candidates, own),
        per_example=losses(logits, *options),
        logits=logits,
        grad_queries=finite_differences(lambda moved: mean_of(moved, candidates, own), queries),
        grad_candidates=finite_differences(lambda moved: mean_of(queries, moved, own), candidates),
        grad_own=finite_differences(lambda moved: mean_of(queries, candidates, moved), own),
    )


def check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Raise when an array would be broadcast, which is never meant here."""
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")


def scores(queries: FloatArray, candidates: FloatArray) -> FloatArray:
    """`s_ij = max_h <queries_ih, candidates_j>`, [B, M]."""
    heads = queries if queries.ndim == 3 else queries[:, np.newaxis, :]
    best = [[max(float(head @ candidate) for head in row) for candidate in candidates] for row in heads]
    return np.array(best)


def accidental_hits(candidate_ids: Ids | None, num_rows: int, num_columns: int) -> BoolArray:
    """[B, M]: column j holds the same candidate as the row's positive."""
    ids = checked_ids("candidate_ids", candidate_ids, num_columns)
    return np.array([[ids[j] == ids[i] for j in range(num_columns)] for i in range(num_rows)], np.bool_)


def false_negatives(
    query_ids: Ids | None, candidate_ids: Ids | None, num_rows: int, num_columns: int
) -> BoolArray:
    """[B, M]: column j holds a candidate that is the positive of some row of the same query.

    Without candidate ids only the columns of the rows themselves can be recognized.
    """
    users = checked_ids("query_ids", query_ids, num_rows)
    by_column = candidate_ids is None
    items = range(num_columns) if by_column else checked_ids("candidate_ids", candidate_ids, num_columns)
    known = np.zeros((num_rows, num_columns), np.bool_)
    for i, j, r in np.ndindex(num_rows, num_columns, num_rows):
        known[i, j] |= bool(users[r] == users[i] and items[r] == items[j])
    return known


def own_positives(
    own_ids: Sequence[Ids], candidate_ids: Ids | None, query_ids: Ids | None, num_rows: int, num_columns: int
) -> BoolArray:
    """[B, m]: a negative of row i alone is the positive of some row of the same query."""
    users = checked_ids("query_ids", query_ids, num_rows)
    items = checked_ids("candidate_ids", candidate_ids, num_columns)
    positives_of = [[items[r] for r in range(num_rows) if users[r] == user] for user in users]
    return np.array([[one in positives_of[i] for one in row] for i, row in enumerate(own_ids)], np.bool_)


def checked_ids(name: str, ids: Ids | None, size: int) -> list[Any]:
    """The ids as a list of Python's own comparable values, exactly `size` of them."""
    if ids is None or len(ids) != size:
        raise ValueError(f"{name}: expected {size} ids, got {'none' if ids is None else len(ids)}")
    return list(ids)


def keep_hardest(logits: FloatArray, num_hard_negatives: int) -> FloatArray:
    """The positive and the `num_hard_negatives` best remaining negatives of each row; -inf elsewhere."""
    if num_hard_negatives < 0:
        raise ValueError(f"num_hard_negatives is at least 0, got {num_hard_negatives}")
    kept = np.full_like(logits, -np.inf)
    for i, row in enumerate(logits):
        negatives = [j for j in range(len(row)) if j != i and row[j] > -np.inf]
        hardest = sorted(negatives, key=lambda j: (-row[j], j))[:num_hard_negatives]
        kept[i, [i, *hardest]] = row[[i, *hardest]]
    return kept


def losses(
    logits: FloatArray,
    smoothing: float = 0.0,
    negative_weight: float = 1.0,
    positive_in_denominator: bool = True,
) -> FloatArray:
    """`w logsumexp_j(l_ij) - ((1 - smoothing) l_ii + smoothing mean_{j kept} l_ij)`, [B]."""
    found = []
    for i, row in enumerate(logits):
        summed = row if positive_in_denominator else np.delete(row, i)
        if np.all(summed == -np.inf):
            found.append(0.0)
            continue
        label = (1 - smoothing) * row[i] + smoothing * np.mean(row[row > -np.inf])
        found.append(negative_weight * np.logaddexp.reduce(summed) - label)
    return np.array(found)


def weighted_mean(values: FloatArray, weights: FloatArray) -> float:
    """`sum(w v) / sum(w)`, 0 when every weight is 0."""
    return float(weights @ values / weights.sum()) if weights.any() else 0.0


def finite_differences(
    function: Callable[[FloatArray], float], point: FloatArray, step: float = 1e-6
) -> FloatArray:
    """`(f(x + h e) - f(x - h e)) / 2h` for each coordinate e of the point."""
    gradient = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        move = np.zeros_like(point)
        move[index] = step
        gradient[index] = (function(point + move) - function(point - move)) / (2 * step)
    return gradient
