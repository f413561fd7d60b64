"""Approximate search with USearch."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, final

import keras
import numpy as np

from shortlist.indexes._approximate import ApproximateIndex
from shortlist.indexes._base import check_k
from shortlist.indexes._engine import Engine
from shortlist.indexes.adapters._library import library
from shortlist.indexes.adapters._library_engine import LibraryEngine, load_vectors

__all__ = ["USearch", "USearchEngine"]

_FILE = "usearch.index"


@final
@keras.saving.register_keras_serializable(package="shortlist")
class USearch(ApproximateIndex):
    """Search a navigable small-world graph (HNSW) with USearch.

    Requires `pip install 'shortlist[usearch]'`.

    Args:
        query_model: Model that maps raw features to query vectors `[batch, dim]`; None if queries are
            vectors.
        k: Default number of candidates to return.
        expansion: Candidates kept in the queue of a search, USearch's `expansion_search`; None for exact
            search. `tune` picks the smallest that reaches a recall.
        connectivity: Edges per candidate.
        expansion_add: Candidates kept in the queue while the graph is built.
        num_threads: Threads that build the graph; 0 for one per core. Builds are deterministic only with 1.
        **options: `similarity`, `capacity` and `name`, see `StoredIndex`.

    Raises:
        MissingExtraError: If USearch is not installed.

    Example:
        >>> import numpy as np
        >>> vectors = np.random.default_rng(0).normal(size=(1000, 8)).astype("float32")
        >>> index = USearch(k=3).index(vectors)
        >>> index.similar([7])[1].shape
        (1, 3)

    Source: Malkov and Yashunin, Efficient and robust approximate nearest neighbor search using Hierarchical
        Navigable Small World graphs, 2016.
    """

    search_budget_name = "expansion"

    def __init__(
        self,
        query_model: Callable[[Any], Any] | None = None,
        k: int = 10,
        *,
        expansion: int | None = 64,
        connectivity: int = 16,
        expansion_add: int = 128,
        num_threads: int = 1,
        **options: Any,
    ) -> None:
        super().__init__(expansion, query_model=query_model, k=k, **options)
        _usearch()
        self.connectivity = check_k(connectivity, "connectivity")
        self.expansion_add = check_k(expansion_add, "expansion_add")
        self.num_threads = num_threads if num_threads == 0 else check_k(num_threads, "num_threads")

    @property
    def expansion(self) -> int | None:
        """Candidates kept in the queue of a search; None for exact search."""
        return self.search_budget

    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        graph = _graph(vectors.shape[1], connectivity=self.connectivity, expansion_add=self.expansion_add)
        graph.add(np.arange(len(vectors), dtype="uint64"), vectors, threads=self.num_threads)
        return USearchEngine(vectors, graph, search_budget)

    def _load(self, folder: Path, search_budget: int) -> Engine:
        return USearchEngine.load(folder, search_budget)

    def get_config(self) -> dict[str, Any]:
        own = {
            "expansion": self.expansion,
            "connectivity": self.connectivity,
            "expansion_add": self.expansion_add,
            "num_threads": self.num_threads,
        }
        return {**super().get_config(), **own}


@final
class USearchEngine(LibraryEngine):
    """Search vectors in a USearch graph.

    Args:
        vectors: `[num_rows, dim]`, float32.
        graph: `usearch.index.Index` built from `vectors`.
        expansion: Candidates kept in the queue of a search.
    """

    def __init__(self, vectors: np.ndarray, graph: Any, expansion: int) -> None:
        super().__init__(vectors, expansion, len(vectors))
        self.graph = graph
        self._asking = threading.Lock()

    def label(self) -> str:
        return f"expansion = {self.search_budget}"

    def _nearest(self, queries: np.ndarray, k: int) -> np.ndarray:
        if not len(queries):
            return np.empty((0, k), "int64")
        with self._asking:  # engines with other budgets share the graph, which stores the budget
            self.graph.expansion_search = max(self.search_budget, k)
            found = self.graph.search(queries, k)
        keys = np.atleast_2d(found.keys)  # a single query gets no batch dimension
        counts = np.asarray(getattr(found, "counts", [keys.shape[1]]))
        named = np.full((len(queries), k), -1, "int64")
        named[:, : keys.shape[1]] = keys
        named[np.arange(k) >= counts[:, None]] = -1
        return named

    def _num_bytes_of_library(self) -> int:
        return int(self.graph.memory_usage)

    def _save_library(self, folder: Path) -> None:
        self.graph.save(str(folder / _FILE))

    @classmethod
    def load(cls, folder: Path, expansion: int) -> Self:
        """Load an engine written by `save`.

        Args:
            folder: Folder given to `save`.
            expansion: Candidates kept in the queue of a search.
        """
        vectors = load_vectors(folder)
        graph = _graph(vectors.shape[1])
        graph.load(str(folder / _FILE))
        return cls(vectors, graph, expansion)


def _graph(dim: int, **settings: int) -> Any:
    return _usearch().Index(ndim=dim, metric="ip", dtype="f32", **settings)


def _usearch() -> Any:
    library("usearch", "usearch", "indexes.USearch")
    return library("usearch.index", "usearch", "indexes.USearch")
