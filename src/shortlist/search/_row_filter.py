"""Decide which rows a search may return."""

from typing import Any, NamedTuple

import numpy as np

from shortlist.typing import Tensor

__all__ = ["RowFilter", "meets"]


class RowFilter(NamedTuple):
    """Filter of rows: a row passes if it is not excluded and its attributes meet the requirements."""

    excluded: Any
    """Rows `[num_queries, num_excluded]`, int32, padded with negative numbers. The width may be 0."""
    attributes: Any = None
    """Attributes of each row `[num_rows, num_columns]`, int32; None if nothing is required. See `meets`."""
    required: Any = None
    """`[num_queries, num_groups, num_columns]`, int32, or `[1, ...]` if the same for all queries."""
    limits: Any = None
    """`[num_queries, 2, num_columns]`, int32, or `[1, ...]`; None if no number is restricted."""

    @property
    def num_excluded(self) -> int:
        """Width of `excluded`."""
        return int(self.excluded.shape[1])

    def of_queries(self, which: np.ndarray) -> "RowFilter":
        """Select queries of the batch.

        Args:
            which: Positions of the queries in the batch, `[n]`.
        """
        required, limits = (
            part if part is None or len(part) == 1 else part[which] for part in (self.required, self.limits)
        )
        return RowFilter(self.excluded[which], self.attributes, required, limits)

    def accepts(self, rows: np.ndarray, queries: np.ndarray) -> np.ndarray:
        """Return whether rows pass, for a filter of NumPy arrays.

        Args:
            rows: `[n, ...]`. Negative rows do not pass.
            queries: `[n]`, position in the batch of the query that each entry of `rows` is for.

        Returns:
            Bool, in the shape of `rows`.
        """
        passes = rows >= 0
        if self.attributes is not None:
            lines = (slice(None), *[None] * (rows.ndim - 1))
            required, limits = (
                part if part is None else (part if len(part) == 1 else part[queries])[lines]
                for part in (self.required, self.limits)
            )
            passes &= meets(self.attributes[rows], required, limits)
        if self.num_excluded:
            # One lookup table, set and cleared per query: a query costs O(list length), not O(num_rows).
            is_excluded = np.zeros(int(rows.max(initial=-1)) + 2, "bool")  # the last entry is for row -1
            for line, query in enumerate(queries.tolist()):
                excluded = self.excluded[query]
                excluded = excluded[(excluded >= 0) & (excluded < len(is_excluded) - 1)]
                is_excluded[excluded] = True
                passes[line] &= ~is_excluded[rows[line]]
                is_excluded[excluded] = False
        return passes


def meets(attributes: Tensor, required: Tensor, limits: Tensor | None = None, namespace: Any = np) -> Tensor:
    """Return whether attributes meet requirements.

    They do if they have at least one bit of every group, and if every column lies within its limits:
    `all_g(any_c(attributes[c] & required[g, c])) and all_c(limits[0, c] <= attributes[c] <= limits[1, c])`.

    Args:
        attributes: `[..., num_columns]`, int32, as `Attributes` encodes them.
        required: `[..., num_groups, num_columns]`, int32; leading dimensions broadcast.
        limits: `[..., 2, num_columns]`, int32; leading dimensions broadcast. None for no limits.
        namespace: `numpy`, or `keras.ops` for tensors.

    Returns:
        `[...]`, bool.

    Example:
        >>> meets(np.int32([[0b011], [0b100]]), np.int32([[[0b110], [0b001]]])).tolist()
        [True, False]
    """
    common = namespace.bitwise_and(namespace.expand_dims(attributes, -2), required)
    passes = namespace.all(namespace.any(namespace.not_equal(common, 0), axis=-1), axis=-1)
    if limits is None:
        return passes
    is_within = namespace.logical_and(attributes >= limits[..., 0, :], attributes <= limits[..., 1, :])
    return namespace.logical_and(passes, namespace.all(is_within, axis=-1))
