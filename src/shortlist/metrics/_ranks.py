"""Ranks of true candidates in a catalog, by counting the candidates that score higher, tile by tile."""

from collections.abc import Callable
from typing import Any, Protocol

from keras import ops

from shortlist import backend
from shortlist.metrics._true_ranks import NEVER
from shortlist.typing import Tensor

__all__ = ["Step", "Tiles", "but_the_true", "distinct", "ranks"]

Step = Callable[[Any, Tensor, Any], Any]
"""Function of the carry, a tile `[size, dim + 1]` and the number of its first row; returns the next carry."""

_MARGIN = 1e-6
"""Scores that differ by less than this share of the product of the vectors' lengths count as equal: the same
dot product rounds differently at different positions in a matrix product."""

_SMALLEST_MARGIN = 1e-30
"""Margin for zero vectors, if the query has length 1 or less; it only keeps the division finite."""


class Tiles(Protocol):
    """Candidate vectors with a column of ones, padded with rows of zeros."""

    num_candidates: int

    def fold(self, step: Step, carry: Any, num_columns: Tensor | int) -> Any:
        """Apply a function to all tiles, each with the carry that the one before returned.

        Args:
            step: The function.
            carry: First carry, a tuple of tensors.
            num_columns: Number of scores per candidate; the size of tiles depends on it.

        Returns:
            The last carry.
        """


def ranks(
    candidates: Tiles,
    queries: Tensor,
    true_vectors: Tensor,
    true_rows: Tensor | None = None,
    excluded_rows: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Count the candidates that score higher than each true one, and those that score the same.

    With the true score `t = q . v` and the margin `m = 1e-6 |q| |v|`, a candidate c is better when `q . c > t
    + m` and tied when it is within the margin. The product with `(q, -t) / m` gives `(q . c - t) / m`, which
    is compared with 1 and -1, so that counting is the only pass over the scores. The rows of zeros that pad
    tiles are not counted.

    Excluded candidates are not counted; a true candidate is never excluded.

    Args:
        candidates: The catalog.
        queries: `[batch, dim]`, or `[batch, heads, dim]`, whose score is that of the best head.
        true_vectors: `[batch, num_true, dim]`.
        true_rows: Rows of the true candidates in the catalog, `[batch, num_true]`, int32. A negative row
            belongs to no candidate and is never retrieved. None: the catalog may lack the true candidates.
        excluded_rows: `[batch, num_excluded]`, int32; negative values are padding.

    Returns:
        `num_better` and `num_tied`, float32, `[batch, num_true]`; `num_tied` is at least 1. They are `NEVER`
        and 1 if the row is negative or the score is not finite.
    """
    queries = ops.cast(queries if len(queries.shape) == 3 else ops.expand_dims(queries, 1), "float32")
    true_vectors = ops.cast(true_vectors, "float32")
    truth = ops.max(ops.einsum("bhd,bpd->bhp", queries, true_vectors), axis=1)
    compared = _compared(queries, true_vectors, truth)
    excluded = None if excluded_rows is None else but_the_true(excluded_rows, true_rows)
    above, below = _counts(candidates, compared, excluded)
    is_found = ops.isfinite(truth)
    if true_rows is not None:
        is_found = ops.logical_and(is_found, true_rows >= 0)
    better = ops.reshape(above, ops.shape(truth))
    not_below = float(candidates.num_candidates) - ops.reshape(below, ops.shape(truth))
    tied = ops.maximum(not_below - better, 1.0)
    return ops.where(is_found, better, float(NEVER)), ops.where(is_found, tied, 1.0)


def _compared(queries: Tensor, true_vectors: Tensor, truth: Tensor) -> Tensor:
    """Return `(q, -t) / m`, `[batch, num_true, heads, dim + 1]`."""
    longest = ops.max(ops.norm(queries, axis=2), axis=1, keepdims=True)
    smallest = _SMALLEST_MARGIN * ops.maximum(longest, 1.0)  # so that no quotient overflows float32
    margin = ops.maximum(_MARGIN * longest * ops.norm(true_vectors, axis=2), smallest)
    margin = ops.expand_dims(ops.expand_dims(margin, 2), 3)
    vectors = ops.expand_dims(queries, 1) / margin
    scores = -ops.expand_dims(ops.expand_dims(truth, 2), 3) / margin
    return ops.concatenate([vectors, ops.broadcast_to(scores, (*ops.shape(vectors)[:3], 1))], axis=3)


def but_the_true(rows: Tensor, true_rows: Tensor | None) -> Tensor:
    """Remove true candidates from excluded rows, because they are never excluded.

    Args:
        rows: `[batch, num_excluded]`, int32; negative values are padding.
        true_rows: `[batch, num_true]`, int32; None if they are not known.

    Returns:
        `[batch, num_excluded]`, with true candidates set to -1.
    """
    if true_rows is None:
        return rows
    is_true = ops.any(ops.expand_dims(rows, 2) == ops.expand_dims(true_rows, 1), axis=2)
    return ops.where(is_true, -1, rows)


def distinct(rows: Tensor) -> Tensor:
    """Set repeated and negative values of each row to -1.

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


def _counts(candidates: Tiles, compared: Tensor, excluded: Tensor | None) -> tuple[Tensor, Tensor]:
    """Return the numbers of candidates above and below the margin, both `[batch * num_true]`, float32."""
    _, num_true, heads, width = compared.shape
    compared = ops.reshape(compared, (-1, width))
    num_rows = ops.shape(compared)[0] // heads
    slots = None if excluded is None else backend.ExclusionMask(ops.repeat(excluded, num_true, axis=0))

    def step(carry: tuple[Tensor, Tensor], tile: Tensor, first: Tensor | int) -> tuple[Tensor, Tensor]:
        leads = ops.matmul(compared, ops.transpose(tile))
        if heads > 1:
            leads = ops.max(ops.reshape(leads, (num_rows, heads, -1)), axis=1)
        if slots is not None:
            leads = slots.fill(leads, first)
        above, below = backend.count_beyond_margin(leads, 1.0)
        return carry[0] + above, carry[1] + below

    start = (ops.zeros((num_rows,), "float32"), ops.zeros((num_rows,), "float32"))
    return candidates.fold(step, start, ops.shape(compared)[0])
