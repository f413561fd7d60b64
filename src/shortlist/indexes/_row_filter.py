"""Filter the rows that a search returns, by excluded rows and by attribute masks."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.typing import Tensor

__all__ = ["Filter", "are_wanted", "without_columns"]


class Filter(NamedTuple):
    """Filter of rows: a row passes if it is not excluded and matches the required attribute mask.

    The required mask has one group of bits per attribute, one bit per accepted value. A row matches if it has
    at least one bit of every group.
    """

    excluded: Any
    """`[num_queries, num_excluded]`, int32, padded with negative numbers. The width may be 0."""
    bits: Any = None
    """Attribute mask of each row `[num_rows, num_words]`, int32; None if nothing is required."""
    wanted: Any = None
    """Required mask `[num_queries, num_groups, num_words]`, int32, or `[1, ...]` if the same for all."""

    @property
    def num_excluded(self) -> int:
        """Width of `excluded`."""
        return int(self.excluded.shape[1])

    @property
    def shape_of_wanted(self) -> tuple[int, int, bool] | None:
        """Groups, words, and whether `wanted` is the same for all queries; None if nothing is required."""
        if self.bits is None:
            return None
        return int(self.wanted.shape[1]), int(self.wanted.shape[2]), self.wanted.shape[0] == 1

    def of_queries(self, which: np.ndarray) -> "Filter":
        """Select queries of the batch.

        Args:
            which: Positions of the queries in the batch, `[n]`.
        """
        wanted = self.wanted
        if wanted is not None and wanted.shape[0] > 1:
            wanted = np.asarray(wanted)[which]
        return Filter(np.asarray(self.excluded)[which], self.bits, wanted)

    def allowed(self, query: int, num_rows: int) -> np.ndarray:
        """Return which rows pass the filter of one query, computed with NumPy.

        Args:
            query: Position of the query in the batch.
            num_rows: Number of rows.

        Returns:
            `[num_rows]`, bool.
        """
        is_allowed = np.ones(num_rows, "bool")
        if self.bits is not None:
            wanted = np.asarray(self.wanted)[query if self.wanted.shape[0] > 1 else 0]
            for group in wanted:
                is_allowed &= (np.asarray(self.bits) & group).any(axis=1)
        excluded = np.asarray(self.excluded)[query]
        is_allowed[excluded[(excluded >= 0) & (excluded < num_rows)]] = False
        return is_allowed


def are_wanted(bits: Tensor, wanted: Tensor) -> Tensor:
    """Return whether rows have at least one bit of every required group.

    Args:
        bits: `[..., num_words]`, int32.
        wanted: `[..., num_groups, num_words]`, int32; leading dimensions broadcast with those of `bits`.

    Returns:
        `[...]`, bool.

    Example:
        >>> np.asarray(are_wanted(np.int32([[0b011], [0b100]]), np.int32([[[0b110], [0b001]]]))).tolist()
        [True, False]
    """
    common = ops.bitwise_and(ops.expand_dims(bits, -2), wanted)
    return ops.all(ops.any(ops.not_equal(common, 0), axis=-1), axis=-1)


def without_columns(scores: Tensor, columns: Tensor) -> Tensor:
    """Set the scores of some columns to -inf.

    Args:
        scores: `[num_queries, num_columns]`, float32.
        columns: `[num_queries, n]`, int32, padded with negative numbers.

    Returns:
        `[num_queries, num_columns]`.
    """
    return scores if columns.shape[1] == 0 else backend.ExclusionMask(columns).fill(scores, 0)
