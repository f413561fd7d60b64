"""Approximate search with USearch."""

import dataclasses
import threading
from pathlib import Path
from typing import Any, ClassVar, Self, final

import numpy as np

from shortlist.search._engine import Engine, EngineSpec
from shortlist.search._requests import check_k
from shortlist.search.libraries._library import library
from shortlist.search.libraries._library_engine import LibraryEngine, load_vectors

__all__ = ["USearchEngine", "USearchSpec"]

_FILE = "usearch.index"


@final
@dataclasses.dataclass(frozen=True)
class USearchSpec(EngineSpec):
    """Settings of a search with USearch; see `indexes.USearch`.

    Raises:
        MissingExtraError: If USearch is not installed.
    """

    expansion: int | None = 64
    connectivity: int = 16
    expansion_add: int = 128
    num_threads: int = 1
    search_budget_name: ClassVar[str] = "expansion"

    def __post_init__(self) -> None:
        _usearch()
        check_k(self.connectivity, "connectivity")
        check_k(self.expansion_add, "expansion_add")
        if self.num_threads != 0:
            check_k(self.num_threads, "num_threads")

    def build(self, vectors: np.ndarray) -> Engine:
        graph = _graph(vectors.shape[1], connectivity=self.connectivity, expansion_add=self.expansion_add)
        graph.add(np.arange(len(vectors), dtype="uint64"), vectors, threads=self.num_threads)
        return USearchEngine(vectors, graph, self.expansion or 1)

    def load(self, folder: Path) -> Engine:
        return USearchEngine.load(folder, self.expansion or 1)


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

    def nearest_rows(self, queries: np.ndarray, k: int) -> np.ndarray:
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

    def num_library_bytes(self) -> int:
        return int(self.graph.memory_usage)

    def save_library(self, folder: Path) -> None:
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
