"""Filtering of the rows returned by a library."""

from typing import NamedTuple, Self

import numpy as np

from shortlist.indexes._candidates import to_numpy
from shortlist.indexes._row_filter import Filter

__all__ = ["Forbidden"]


class Forbidden(NamedTuple):
    """Rows rejected by a `Filter`, as NumPy arrays."""

    excluded: np.ndarray
    """`[num_queries, num_excluded]`, int32; negative is padding."""
    bits: np.ndarray | None
    """`[num_rows, num_words]`, as in `Filter`."""
    wanted: np.ndarray | None
    """`[num_queries or 1, num_groups, num_words]`, as in `Filter`."""
    num_rows: int
    """Number of rows."""

    @classmethod
    def of(cls, rows: Filter, num_rows: int) -> Self | None:
        """Copy a filter to the host.

        Args:
            rows: Filter of a search.
            num_rows: Number of rows.

        Returns:
            The rejected rows, or None if the filter accepts every row.
        """
        if rows.bits is None and not rows.num_excluded:
            return None
        bits, wanted = (None if part is None else to_numpy(part) for part in (rows.bits, rows.wanted))
        return cls(to_numpy(rows.excluded), bits, wanted, num_rows)

    def among(self, named: np.ndarray, queries: np.ndarray) -> np.ndarray:
        """Mark the rejected rows among those that a library returned.

        Args:
            named: `[n, heads, width]`, rows; negative is padding.
            queries: `[n]`, the query of each entry of `named`.

        Returns:
            `[n, heads, width]`, bool; undefined at padding.
        """
        is_forbidden = np.zeros(named.shape, "bool")
        if self.bits is not None:
            is_forbidden |= ~self._are_wanted(named, queries)
        if self.excluded.shape[1]:
            is_forbidden |= self._are_excluded(named, queries)
        return is_forbidden

    def _are_wanted(self, named: np.ndarray, queries: np.ndarray) -> np.ndarray:
        assert self.bits is not None
        assert self.wanted is not None
        wanted = self.wanted[queries] if len(self.wanted) > 1 else self.wanted
        bits, are_wanted = self.bits[named], np.ones(named.shape, "bool")
        for group in range(wanted.shape[1]):
            are_wanted &= (bits & wanted[:, None, None, group]).any(axis=3)
        return are_wanted

    def _are_excluded(self, named: np.ndarray, queries: np.ndarray) -> np.ndarray:
        # One lookup table, set and cleared per query: a query costs O(list length), not O(num_rows).
        are_excluded, marked = np.zeros(named.shape, "bool"), np.zeros(self.num_rows + 1, "bool")
        for line, query in enumerate(queries.tolist()):
            excluded = self.excluded[query]
            excluded = excluded[(excluded >= 0) & (excluded < self.num_rows)]
            marked[excluded] = True
            are_excluded[line] = marked[named[line]]  # -1 reads the last entry, which is never set
            marked[excluded] = False
        return are_excluded
