"""Ranks of true candidates, with ties. Ranking metrics are computed from them."""

from typing import Any

import numpy as np

from shortlist.typing import Tensor

__all__ = ["NEVER", "NUMPY", "TrueRanks"]

NEVER = 2**24
"""Number of better candidates that stands for a true candidate which can never be retrieved."""


class _NumPy:
    """NumPy under the names of `keras.ops`, so that one formula serves lists of ids and Keras."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def cast(values: Any, dtype: str) -> np.ndarray:
        return np.asarray(values).astype(dtype)

    @staticmethod
    def convert_to_tensor(values: Any) -> np.ndarray:
        return np.asarray(values)

    @staticmethod
    def divide_no_nan(numerator: Any, denominator: Any) -> np.ndarray:
        return np.divide(numerator, denominator, out=np.zeros(np.shape(numerator)), where=denominator != 0)


NUMPY = _NumPy()


class TrueRanks:
    """Ranks of each query's true candidates.

    A rank is a count: how many candidates score higher than the true one, and how many score the same, the
    true one included. Metrics are expected values over all orders of tied candidates, so a model that scores
    everything alike is worth exactly chance, and the order in which candidates are stored changes nothing.

    The group of `tied` candidates takes the positions `better + 1` to `better + tied`, and a true candidate
    is equally likely at each of them.

    Args:
        num_better: `[num_queries, num_true]`, how many candidates score higher; `NEVER` if not retrieved.
        num_tied: `[num_queries, num_true]`, how many score the same, itself included.
        is_true: `[num_queries, num_true]`, bool; False is padding.
        xp: `keras.ops`, or `NUMPY` for arrays.

    Source: McSherry and Najork, "Computing Information Retrieval Performance Measures Efficiently in the
        Presence of Tied Scores", ECIR 2008.
    """

    def __init__(self, num_better: Tensor, num_tied: Tensor, is_true: Tensor, xp: Any) -> None:
        self.xp = xp
        self.dtype = "float64" if xp is NUMPY else "float32"
        self.is_true = xp.cast(is_true, self.dtype)
        self.better = xp.where(is_true, xp.cast(num_better, self.dtype), float(NEVER))
        self.tied = xp.where(is_true, xp.cast(num_tied, self.dtype), 1.0)
        self.num_true = xp.sum(self.is_true, axis=1)

    def before_and_last(self, k: int) -> tuple[Tensor, Tensor]:
        """Return the positions in the first `k` before each tied group and up to its end."""
        return self.xp.minimum(self.better, float(k)), self.xp.minimum(self.better + self.tied, float(k))

    def expected_hits(self, k: int) -> Tensor:
        """Return the expected number of true candidates in the first `k` positions, `[num_queries]`."""
        before, last = self.before_and_last(k)
        return self.xp.sum(self.is_true / self.tied * (last - before), axis=1)

    def expected_sum(self, gains: np.ndarray) -> Tensor:
        """Return each true candidate's expected gain, `[num_queries, num_true]`.

        Args:
            gains: `[k]`, the gain at each position.
        """
        xp = self.xp
        running = xp.convert_to_tensor(np.concatenate([[0.0], np.cumsum(gains)]).astype(self.dtype))
        before, last = (xp.cast(one, "int32") for one in self.before_and_last(len(gains)))
        return self.is_true / self.tied * (xp.take(running, last) - xp.take(running, before))

    def first_hit(self, k: int) -> tuple[Tensor, Tensor]:
        """Return the chance of the first hit at each position from the best one on, and these positions.

        Only the best tied group counts: once its positions are past, a true candidate has been met. Of its t
        positions, p hold true candidates; the first j hold none with chance
        `prod_{i < j} (t - p - i) / (t - i)`.

        Returns:
            Both `[num_queries, k]`; the chance is 0 at positions beyond `k`.
        """
        xp = self.xp
        best = xp.min(self.better, axis=1, keepdims=True)
        in_group = xp.cast(self.better == best, self.dtype) * self.is_true
        group = xp.sum(in_group, axis=1, keepdims=True)
        size = xp.max(self.tied * in_group, axis=1, keepdims=True)
        offset = xp.expand_dims(xp.arange(k, dtype=self.dtype), 0)
        stays_empty = xp.maximum(size - group - offset, 0.0) / xp.maximum(size - offset, 1.0)
        empty_after = xp.cumprod(stays_empty, axis=1)
        empty_before = xp.concatenate([xp.ones_like(best), empty_after[:, :-1]], axis=1)
        positions = best + 1.0 + offset
        is_within = xp.cast(positions <= k, self.dtype) * xp.cast(group > 0, self.dtype)
        return (empty_before - empty_after) * is_within, positions
