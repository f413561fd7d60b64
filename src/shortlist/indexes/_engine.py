"""Interface of search engines: top-k search over a fixed set of vectors, addressed by row number."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from shortlist.indexes._row_filter import Filter
from shortlist.typing import Tensor

__all__ = ["Engine"]


class Engine(ABC):
    """Search a fixed set of vectors by row number. Abstract and immutable.

    Indexes add ids, filters by attributes, and changes on top of an engine.

    Args:
        num_rows: Number of vectors.
        dim: Dimension of the vectors.
    """

    is_exact: bool
    """Whether a search scores every row."""
    search_budget: int
    """Search budget of an approximate engine, in its own unit, such as partitions probed."""
    max_search_budget: int
    """Largest useful search budget."""

    def __init__(self, num_rows: int, dim: int) -> None:
        self.num_rows, self.dim = num_rows, dim

    @abstractmethod
    def search(self, queries: Tensor, k: int, rows: Filter) -> tuple[Any, Any]:
        """Return the k highest-scoring rows for each query.

        The score of a row is its maximum dot product with the heads of the query.

        Args:
            queries: Tensor or NumPy array `[num_queries, heads, dim]`, float32.
            k: Number of results per query, from 1 to `num_rows`.
            rows: Filter of the rows to return.

        Returns:
            Scores, float32, and rows, int32, both `[num_queries, k]`, best first, padded with -inf and -1;
            tensors or NumPy arrays. An approximate engine may return fewer than k results although more rows
            pass the filter.
        """

    def listed(self, queries: Tensor, k: int, rows: Filter) -> Any:
        """Return the rows that `search` finds; may be called while a graph is traced.

        Args:
            queries: As in `search`.
            k: As in `search`.
            rows: As in `search`.

        Returns:
            `[num_queries, k]`, int32, padded with -1.
        """
        return self.search(queries, k, rows)[1]

    @abstractmethod
    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors of rows.

        Args:
            rows: `[n]`, in `[0, num_rows)`.

        Returns:
            `[n, dim]`, float32.
        """

    def with_search_budget(self, search_budget: int) -> "Engine":
        """Return an engine over the same vectors with another search budget.

        Args:
            search_budget: From 1 to `max_search_budget`.

        Returns:
            Engine that shares the vectors; an exact engine returns itself.
        """
        return self

    def variants(self) -> list["Engine"]:
        """Return engines over the same vectors that differ in settings other than the search budget.

        `tune` chooses among them.

        Returns:
            At least one engine.
        """
        return [self]

    def label(self) -> str:
        """Return the name of the setting in reports, such as `"probes = 8"`."""
        return "exact search"

    @abstractmethod
    def num_bytes(self) -> int:
        """Return the bytes of memory used, including the vectors."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the engine to files.

        Args:
            folder: Existing folder.
        """
