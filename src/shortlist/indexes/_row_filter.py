"""Which candidates may come back, in a form that every search understands."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.typing import Tensor

__all__ = ["Filter", "are_wanted", "without_columns"]


class Filter(NamedTuple):
    """Rows that must not come back. A row is allowed when it is not excluded, and has what is wanted.

    Of each group of wanted bits, a row must have one at least: a group is an attribute, its bits are the
    values that will do.
    """

    excluded: Any
    """`[num_queries, num_excluded]`, int32; negative is padding. The width may be 0."""
    bits: Any = None
    """`[num_rows, num_words]`, int32, what each row has; None when every row has what is wanted."""
    wanted: Any = None
    """`[num_queries, num_groups, num_words]`, int32, or `[1, ...]` when it is the same for all queries."""

    @property
    def num_excluded(self) -> int:
        """Width of the lists of excluded rows."""
        return int(self.excluded.shape[1])

    @property
    def shape_of_wanted(self) -> tuple[int, int, bool] | None:
        """Groups, words, and whether they are the same for all queries; None when all rows will do."""
        if self.bits is None:
            return None
        return int(self.wanted.shape[1]), int(self.wanted.shape[2]), self.wanted.shape[0] == 1

    def of_queries(self, which: np.ndarray) -> "Filter":
        """The filter of some queries only.

        Args:
            which: `[n]`, numbers of queries.
        """
        wanted = self.wanted
        if wanted is not None and wanted.shape[0] > 1:
            wanted = np.asarray(wanted)[which]
        return Filter(np.asarray(self.excluded)[which], self.bits, wanted)

    def allowed(self, query: int, num_rows: int) -> np.ndarray:
        """The rows that may come back for one query, on the host.

        Args:
            query: Its number.
            num_rows: How many rows there are.

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
    """Whether rows have, of each group, one bit at least.

    Args:
        bits: `[..., num_words]`, int32.
        wanted: `[..., num_groups, num_words]`, int32, whose leading dimensions go with those of the bits.

    Returns:
        `[...]`, bool.

    Example:
        >>> np.asarray(are_wanted(np.int32([[0b011], [0b100]]), np.int32([[[0b110], [0b001]]]))).tolist()
        [True, False]
    """
    common = ops.bitwise_and(ops.expand_dims(bits, -2), wanted)
    return ops.all(ops.any(ops.not_equal(common, 0), axis=-1), axis=-1)


def without_columns(scores: Tensor, columns: Tensor) -> Tensor:
    """The scores with minus infinity in some columns.

    Args:
        scores: `[num_queries, num_columns]`, float32.
        columns: `[num_queries, n]`, int32; negative is padding.

    Returns:
        `[num_queries, num_columns]`.
    """
    return scores if columns.shape[1] == 0 else backend.ExclusionMask(columns).fill(scores, 0)
