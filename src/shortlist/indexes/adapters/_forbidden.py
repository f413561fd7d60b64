"""Rows that must not come back, asked for the few that a library named."""

from typing import NamedTuple, Self

import numpy as np

from shortlist.indexes._candidates import to_numpy
from shortlist.indexes._row_filter import Filter

__all__ = ["Forbidden"]


class Forbidden(NamedTuple):
    """What `Filter` keeps back, on the host."""

    excluded: np.ndarray
    """`[num_queries, num_excluded]`, int32; negative is padding."""
    bits: np.ndarray | None
    """`[num_rows, num_words]`, as in `Filter`."""
    wanted: np.ndarray | None
    """`[num_queries or 1, num_groups, num_words]`, as in `Filter`."""
    num_rows: int
    """How many rows there are."""

    @classmethod
    def of(cls, rows: Filter, num_rows: int) -> Self | None:
        """What a filter forbids.

        Args:
            rows: The filter.
            num_rows: How many rows there are.

        Returns:
            None when it lets every row through.
        """
        if rows.bits is None and not rows.num_excluded:
            return None
        bits, wanted = (None if part is None else to_numpy(part) for part in (rows.bits, rows.wanted))
        return cls(to_numpy(rows.excluded), bits, wanted, num_rows)

    def among(self, named: np.ndarray, queries: np.ndarray) -> np.ndarray:
        """Which of the named rows must not come back.

        Args:
            named: `[n, heads, width]`, rows; negative is none.
            queries: `[n]`, for which queries they were named.

        Returns:
            `[n, heads, width]`, bool; of no matter where nothing is named.
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
        """A table over all rows, marked and cleared a query at a time, costs what the lists are long."""
        are_excluded, marked = np.zeros(named.shape, "bool"), np.zeros(self.num_rows + 1, "bool")
        for line, query in enumerate(queries.tolist()):
            excluded = self.excluded[query]
            excluded = excluded[(excluded >= 0) & (excluded < self.num_rows)]
            marked[excluded] = True
            are_excluded[line] = marked[named[line]]  # -1 is the last place, which stays unmarked
            marked[excluded] = False
        return are_excluded
