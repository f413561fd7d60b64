"""The k best candidates of each query, by sorting."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def top_k(
    scores: ArrayLike, k: int, excluded_rows: Sequence[Sequence[int]] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The k highest scores of each row and where they stand; ties by lowest row.

    Args:
        scores: [B, N].
        k: at least 1; may be larger than N.
        excluded_rows: B lists of rows that never come back; rows outside the catalog (-1) exclude nothing.

    Returns:
        Scores [B, k] and rows [B, k]; -inf and -1 where fewer than k candidates are allowed.
    """
    values = np.asarray(scores, np.float64)
    if k < 1 or np.isnan(values).any():
        raise ValueError(f"k is at least 1 and scores are numbers, got k={k}")
    exclusions = [()] * len(values) if excluded_rows is None else excluded_rows
    pairs = [best_of(row, k, excluded) for row, excluded in zip(values, exclusions, strict=True)]
    best_scores = np.array([[score for score, _ in best] for best in pairs]).reshape(-1, k)
    return best_scores, np.array([[row for _, row in best] for best in pairs], np.int64).reshape(-1, k)


def best_of(scores: NDArray[np.float64], k: int, excluded: Sequence[int]) -> list[tuple[float, int]]:
    """Exactly k pairs (score, row) of one query."""
    allowed = [(float(score), row) for row, score in enumerate(scores) if row not in set(excluded)]
    best = sorted(allowed, key=lambda pair: (-pair[0], pair[1]))[:k]
    return best + [(-np.inf, -1)] * (k - len(best))
