"""Base class of engines backed by a library: filters, multiple heads, scores and saving."""

from abc import abstractmethod
from pathlib import Path
from typing import Self, final

import numpy as np

from shortlist.search._engine import Engine, Found
from shortlist.search._row_filter import RowFilter

__all__ = ["LibraryEngine", "load_vectors"]

_VECTORS = "vectors.npy"

_WIDER = 4
"""Factor by which the requested number of rows grows while too few pass the filter."""


class LibraryEngine(Engine):
    """Base class of engines whose rows are found by a library and scored by Shortlist.

    With a filter, the library is asked for more than k rows. Queries with a head that has fewer than k
    accepted rows are repeated with a larger number, until the library returns no more rows.

    Args:
        vectors: `[num_rows, dim]`, float32.
        search_budget: Search budget in the library's unit, such as lists or leaves.
        max_search_budget: Search budget that covers all rows.
    """

    is_exact = False

    def __init__(self, vectors: np.ndarray, search_budget: int, max_search_budget: int) -> None:
        super().__init__(*vectors.shape)
        self.vectors = vectors
        self.search_budget, self.max_search_budget = min(search_budget, max_search_budget), max_search_budget

    @abstractmethod
    def nearest_rows(self, queries: np.ndarray, k: int) -> np.ndarray:
        """Return the rows that the library finds.

        Args:
            queries: `[n, dim]`, float32, C-contiguous.
            k: Number of rows per query, from 1 to `num_rows`.

        Returns:
            `[n, k]`, int, without repetitions, padded with -1.
        """

    def save_library(self, folder: Path) -> None:
        """Write the library's own files; the vectors are saved already.

        Args:
            folder: Existing folder.
        """

    def num_library_bytes(self) -> int:
        """Return the bytes of memory that the library uses besides the vectors."""
        return 0

    @final
    def search(self, queries: np.ndarray, k: int, rows: RowFilter) -> Found:
        if rows.attributes is None and not rows.num_excluded:
            return self._best(queries, self._named(queries, k), k)
        scores = np.full((len(queries), k), -np.inf, "float32")
        found = np.full((len(queries), k), -1, "int32")
        asked, left = min(2 * k, self.num_rows), np.arange(len(queries))
        while len(left):
            named = self._named(queries[left], asked)
            has_more = (named >= 0).all(axis=2) & (asked < self.num_rows)
            named[~rows.accepts(named, left)] = -1
            scores[left], found[left] = self._best(queries[left], named, k)
            is_short = has_more & ((named >= 0).sum(axis=2) < k)
            left = left[is_short.any(axis=1)]  # k rows in total may still miss the best of one head
            asked = min(_WIDER * asked, self.num_rows)
        return scores, found

    def _named(self, queries: np.ndarray, k: int) -> np.ndarray:
        """Return the rows found for each head `[num_queries, heads, k]`."""
        return self.nearest_rows(queries.reshape(-1, self.dim), k).reshape(*queries.shape[:2], k)

    def _best(self, queries: np.ndarray, named: np.ndarray, k: int) -> Found:
        """Return the k best of the rows found for any head; ties are ordered by row."""
        rows = _each_once(named)
        products = np.matmul(self.vectors.take(rows, axis=0), queries.transpose(0, 2, 1))
        scores = products.max(axis=2)
        scores[rows < 0] = -np.inf
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        lines = np.arange(len(rows))[:, None]
        return scores[lines, order], rows[lines, order].astype("int32")

    @final
    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        return self.vectors[rows]

    @final
    def with_search_budget(self, search_budget: int) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, search_budget=min(search_budget, self.max_search_budget))
        return other

    @final
    def num_bytes(self) -> int:
        return self.vectors.nbytes + self.num_library_bytes()

    @final
    def save(self, folder: Path) -> None:
        np.save(folder / _VECTORS, self.vectors)
        self.save_library(folder)


def load_vectors(folder: Path) -> np.ndarray:
    """Load the vectors saved by a `LibraryEngine`.

    Args:
        folder: Folder given to `save`.

    Returns:
        `[num_rows, dim]`, float32.
    """
    return np.load(folder / _VECTORS)


def _each_once(named: np.ndarray) -> np.ndarray:
    """Merge the heads into sorted rows `[num_queries, heads * k]`; duplicates become -1."""
    rows = np.sort(named.reshape(len(named), named.shape[1] * named.shape[2]), axis=1)
    rows[:, 1:][rows[:, 1:] == rows[:, :-1]] = -1
    return rows
