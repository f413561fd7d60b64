"""Where the true candidates of a query stand, and what that is worth at each k; no sort.

A rank is a count: how many candidates score higher than the true one (`num_better`), and how many score the
same, the true one included (`num_tied`). Ties are resolved in expectation: every order of the tied candidates
is equally likely, and a metric is its mean over these orders. A model that scores everything alike is thus
worth exactly chance, and the order in which candidates are stored changes nothing.
"""

import numpy as np
from keras import ops

from shortlist.typing import Tensor

__all__ = ["METRICS", "NEVER", "distinct", "ranking_metrics"]

METRICS = ("recall", "precision", "hit_rate", "mrr", "ndcg", "map")
"""The metrics that `ranking_metrics` knows."""

NEVER = 2**24
"""The count of better candidates that stands for a true candidate which can never be retrieved."""


def distinct(rows: Tensor) -> Tensor:
    """Each row's values with every repetition, and every negative value, set to -1.

    Args:
        rows: `[num_queries, num_values]`, int32; negative values are padding.

    Returns:
        `[num_queries, num_values]`, int32, in ascending order within each row.

    Example:
        >>> import numpy as np
        >>> np.asarray(distinct(np.int32([[7, 3, 7, -1]]))).tolist()
        [[-1, 3, 7, -1]]
    """
    ordered = ops.sort(rows, axis=1)
    repeated = ordered[:, 1:] == ordered[:, :-1]
    repeated = ops.concatenate([ops.zeros_like(ordered[:, :1], dtype="bool"), repeated], axis=1)
    return ops.where(ops.logical_or(repeated, ordered < 0), -1, ordered)


def ranking_metrics(
    num_better: Tensor, num_tied: Tensor, is_true: Tensor, k: int, metrics: tuple[str, ...] = METRICS
) -> dict[str, Tensor]:
    """What the positions of the true candidates are worth at k, in expectation over the orders of ties.

    With P true candidates and binary gains: recall `hits / P`, precision `hits / k`, hit rate `any hit`, MRR
    `1 / rank of the first hit`, NDCG `sum over hits of 1 / log2(rank + 1)` over its value for the ideal
    order, MAP `sum over hits of precision at the hit's rank / min(P, k)`; each 0 without a hit in the first
    k.

    Args:
        num_better: `[num_queries, num_true]`, float32, how many candidates score higher.
        num_tied: `[num_queries, num_true]`, float32, how many score the same, itself included.
        is_true: `[num_queries, num_true]`, bool; False is padding.
        k: Length of the list that is evaluated; may exceed the catalog.
        metrics: Which of `METRICS` to compute.

    Returns:
        A float32 tensor `[num_queries]` by measure; 0 for a query without a true candidate.

    Example:
        >>> import numpy as np
        >>> one = np.ones((1, 1), "float32")  # one candidate is better, none tied: rank 2
        >>> float(ranking_metrics(one, one, one > 0, k=10)["mrr"][0])
        0.5

    Source: definitions as in Manning et al., Introduction to Information Retrieval, 2008, chapter 8; ties as
        in
    McSherry and Najork, Computing Information Retrieval Performance Measures Efficiently in the Presence of
    Tied Scores, 2008.
    """
    better = ops.where(is_true, num_better, float(NEVER))
    tied = ops.where(is_true, num_tied, 1.0)
    truth = ops.cast(is_true, "float32")
    num_true = ops.sum(truth, axis=1)
    in_list = _InList(better, tied, truth, k)
    compute = {
        "recall": lambda: ops.divide_no_nan(in_list.expected_hits(), num_true),
        "precision": lambda: in_list.expected_hits() / k,
        "hit_rate": lambda: _first_hit(better, tied, truth, k)[0],
        "mrr": lambda: _first_hit(better, tied, truth, k)[1],
        "ndcg": lambda: ops.divide_no_nan(in_list.expected_gain(), _ideal_gain(num_true, k)),
        "map": lambda: ops.divide_no_nan(in_list.expected_precisions(), ops.minimum(num_true, float(k))),
    }
    return {measure: compute[measure]() for measure in metrics}


class _InList:
    """The part of each true candidate's tied group that lies within the first k places.

    The group of a candidate takes the places `first + 1 .. first + tied`; those up to `last` lie within k,
    and the candidate is equally likely at each place of its group.
    """

    def __init__(self, better: Tensor, tied: Tensor, truth: Tensor, k: int) -> None:
        self._better, self._tied, self._truth, self._k = better, tied, truth, k
        self._first = ops.minimum(better, float(k))
        self._last = ops.minimum(better + tied, float(k))
        self._share = truth / tied

    def expected_hits(self) -> Tensor:
        return ops.sum(self._share * (self._last - self._first), axis=1)

    def expected_gain(self) -> Tensor:
        discounts = _running_sum(1.0 / np.log2(np.arange(1, self._k + 1) + 1.0))
        return ops.sum(self._share * self._between(discounts), axis=1)

    def expected_precisions(self) -> Tensor:
        before, group = _neighbors(self._better, self._truth)
        inverse_ranks = self._between(_running_sum(1.0 / np.arange(1, self._k + 1)))
        # At place first + j of its group: `before` hits, itself, and (j - 1) of the other places, each a hit
        # with this chance.
        other_is_true = (group - 1.0) / ops.maximum(self._tied - 1.0, 1.0)
        others = (self._last - self._first) - (self._first + 1.0) * inverse_ranks
        return ops.sum(self._share * ((before + 1.0) * inverse_ranks + other_is_true * others), axis=1)

    def _between(self, running_sum: Tensor) -> Tensor:
        last, first = ops.cast(self._last, "int32"), ops.cast(self._first, "int32")
        return ops.take(running_sum, last) - ops.take(running_sum, first)


def _running_sum(values: np.ndarray) -> Tensor:
    """`[len(values) + 1]`: sums of the first 0, 1, 2, ... values."""
    return ops.convert_to_tensor(np.concatenate([[0.0], np.cumsum(values)]).astype("float32"))


def _neighbors(better: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Of a query's true candidates, how many score higher than each, and how many the same as it."""
    mine, other = ops.expand_dims(better, 2), ops.expand_dims(better, 1)
    counted = ops.expand_dims(truth, 1)
    before = ops.sum(ops.cast(other < mine, "float32") * counted, axis=2)
    group = ops.sum(ops.cast(other == mine, "float32") * counted, axis=2)
    return before, group


def _first_hit(better: Tensor, tied: Tensor, truth: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Chance of a hit in the first k places, and the expected inverse rank of the first one.

    Only the best-placed tied group counts: once its places are past, a true candidate has been met. Of its t
    places, p hold true candidates; the first j hold none with chance `prod_{i < j} (t - p - i) / (t - i)`.
    """
    first = ops.min(better, axis=1, keepdims=True)
    in_group = ops.cast(better == first, "float32") * truth
    group = ops.sum(in_group, axis=1, keepdims=True)
    slots = ops.max(tied * in_group, axis=1, keepdims=True)
    offset = ops.expand_dims(ops.arange(k, dtype="float32"), 0)
    stays_empty = ops.maximum(slots - group - offset, 0.0) / ops.maximum(slots - offset, 1.0)
    empty_after = ops.cumprod(stays_empty, axis=1)
    empty_before = ops.concatenate([ops.ones_like(first), empty_after[:, :-1]], axis=1)
    rank = first + 1.0 + offset
    within = ops.cast(rank <= k, "float32") * ops.cast(group > 0, "float32")
    met_here = (empty_before - empty_after) * within
    return ops.sum(met_here, axis=1), ops.sum(met_here / rank, axis=1)


def _ideal_gain(num_true: Tensor, k: int) -> Tensor:
    discounts = _running_sum(1.0 / np.log2(np.arange(1, k + 1) + 1.0))
    return ops.take(discounts, ops.cast(ops.minimum(num_true, float(k)), "int32"))
