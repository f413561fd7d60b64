"""What finds the best of a fixed set of vectors; an index keeps one, and knows ids and changes besides."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from shortlist.indexes._row_filter import Filter
from shortlist.typing import Tensor

__all__ = ["Engine"]


class Engine(ABC):
    """Vectors, in rows, that can be searched. Abstract; never changes once made.

    Args:
        num_rows: How many vectors it holds.
        dim: Their width.
    """

    is_exact: bool
    """Whether a search looks at every row."""
    search_budget: int
    """How much a search looks at; of engines that are not exact."""
    max_search_budget: int
    """The most there is to look at."""

    def __init__(self, num_rows: int, dim: int) -> None:
        self.num_rows, self.dim = num_rows, dim

    @abstractmethod
    def search(self, queries: Tensor, k: int, rows: Filter) -> tuple[Any, Any]:
        """The best rows of each query.

        Args:
            queries: `[num_queries, heads, dim]`, float32, a tensor or a NumPy array; a row scores its best
                product with any head.
            k: How many, from 1 to `num_rows`.
            rows: Which rows may come back.

        Returns:
            Scores, float32, and rows, int32, both `[num_queries, k]`, best first; minus infinity and -1 in
            the places that stay empty. An engine that is not exact may leave places empty although rows are
            allowed that would fill them. Tensors or NumPy arrays.
        """

    def listed(self, queries: Tensor, k: int, rows: Filter) -> Any:
        """The rows that `search` finds, inside a graph too.

        Args:
            queries: As in `search`.
            k: As in `search`.
            rows: As in `search`.

        Returns:
            `[num_queries, k]`, int32; -1 in places that stay empty.
        """
        return self.search(queries, k, rows)[1]

    @abstractmethod
    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of some rows.

        Args:
            rows: `[n]`, in `[0, num_rows)`.

        Returns:
            `[n, dim]`, float32.
        """

    def with_search_budget(self, search_budget: int) -> "Engine":
        """The same vectors, searched with another search budget.

        Args:
            search_budget: From 1 to `max_search_budget`.

        Returns:
            An engine that shares the vectors; an exact one, itself.
        """
        return self

    def variants(self) -> list["Engine"]:
        """The same vectors with other settings than the search budget, to choose among.

        Returns:
            At least one engine.
        """
        return [self]

    def label(self) -> str:
        """What the setting is called in reports, such as `"probes = 8"`.

        Returns:
            A few words.
        """
        return "exact search"

    @abstractmethod
    def num_bytes(self) -> int:
        """Bytes it takes in memory, the vectors included."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write it into files.

        Args:
            folder: An empty folder.
        """
