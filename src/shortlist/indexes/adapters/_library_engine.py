"""Base class of engines backed by a library: filters, multiple heads, scores and saving."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.indexes._candidates import to_numpy
from shortlist.indexes._engine import Engine
from shortlist.indexes._row_filter import Filter
from shortlist.indexes.adapters._forbidden import Forbidden
from shortlist.typing import Tensor

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
    def _nearest(self, queries: np.ndarray, k: int) -> np.ndarray:
        """Return rows `[n, k]`, int, found for queries `[n, dim]`; negative is padding."""

    @abstractmethod
    def _save_library(self, folder: Path) -> None:
        """Save the library's index."""

    @abstractmethod
    def _num_bytes_of_library(self) -> int:
        """Return the memory of the library's index in bytes."""

    @final
    def search(self, queries: Tensor, k: int, rows: Filter) -> tuple[Any, Any]:
        if backend.is_symbolic(queries) or backend.is_symbolic(rows.excluded):
            return self._search_graph(queries, k, rows)
        return self._search(to_numpy(queries), k, rows)

    @final
    def listed(self, queries: Tensor, k: int, rows: Filter) -> Any:

        def on_host(queries: np.ndarray, *asked: np.ndarray) -> np.ndarray:
            return self._search(queries, k, Filter(*asked))[1]

        asked = tuple(part for part in rows if part is not None)
        return backend.host_callback(on_host, (queries, *asked), (queries.shape[0], k), "int32")

    def _search_graph(self, queries: Tensor, k: int, rows: Filter) -> tuple[Tensor, Tensor]:
        found = self.listed(queries, k, rows)
        shape = (queries.shape[0], k, self.dim)
        vectors = backend.host_callback(self.vectors_of, found, shape)  # vectors of padding are masked below
        scores = ops.max(ops.einsum("bkd,bhd->bkh", vectors, queries), axis=2)
        return ops.where(found < 0, -np.inf, scores), found

    def _search(self, queries: np.ndarray, k: int, rows: Filter) -> tuple[np.ndarray, np.ndarray]:
        forbidden = Forbidden.of(rows, self.num_rows)
        if forbidden is None:
            return self._best(queries, self._named(queries, k), k)
        scores = np.full((len(queries), k), -np.inf, "float32")
        found = np.full((len(queries), k), -1, "int32")
        asked, left = min(2 * k, self.num_rows), np.arange(len(queries))
        while len(left):
            named = self._named(queries[left], asked)
            has_more = (named >= 0).all(axis=2) & (asked < self.num_rows)
            named[forbidden.among(named, left)] = -1
            scores[left], found[left] = self._best(queries[left], named, k)
            is_short = has_more & ((named >= 0).sum(axis=2) < k)
            left = left[is_short.any(axis=1)]  # k rows in total may still miss the best of one head
            asked = min(_WIDER * asked, self.num_rows)
        return scores, found

    def _named(self, queries: np.ndarray, k: int) -> np.ndarray:
        """Return the rows found for each head `[num_queries, heads, k]`."""
        return self._nearest(queries.reshape(-1, self.dim), k).reshape(*queries.shape[:2], k)

    def _best(self, queries: np.ndarray, named: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
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
        return self.vectors.nbytes + self._num_bytes_of_library()

    @final
    def save(self, folder: Path) -> None:
        np.save(folder / _VECTORS, self.vectors)
        self._save_library(folder)


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
