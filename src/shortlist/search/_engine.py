"""Interface of search engines: top-k search over a fixed set of vectors, addressed by row number."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from shortlist.search._row_filter import RowFilter

__all__ = ["Engine", "EngineSpec", "Found"]

Found = tuple[np.ndarray, np.ndarray]
"""Scores, float32, and rows, int32, both `[num_queries, k]`, padded with -inf and -1."""


class Engine(ABC):
    """Search a fixed set of vectors by row number. Abstract and immutable.

    A `CandidateStore` adds ids, attributes and updates on top of an engine.

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
    def search(self, queries: np.ndarray, k: int, rows: RowFilter) -> Found:
        """Return the k highest-scoring rows for each query.

        The score of a row is its maximum dot product with the heads of the query.

        Args:
            queries: `[num_queries, heads, dim]`, float32.
            k: Number of results per query, from 1 to `num_rows`.
            rows: Filter of the rows to return, as NumPy arrays.

        Returns:
            Scores, float32, and rows, int32, both `[num_queries, k]`, best first, padded with -inf and -1. An
            approximate engine may return fewer than k results although more rows pass the filter.
        """

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

    def settings(self) -> Mapping[str, Any]:
        """Return the fields of the engine's spec in which `variants` differ, with this engine's values."""
        return {}

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


class EngineSpec(ABC):
    """Settings from which engines are built and loaded. Abstract; derive a frozen dataclass.

    To save an index with your own class, register it with `keras.saving.register_keras_serializable`.
    """

    search_budget_name: ClassVar[str | None] = None
    """Field that holds the search budget, such as `"nprobe"`, or None if the engine has no search budget. An
    index whose budget is None uses exact search instead."""

    @abstractmethod
    def build(self, vectors: np.ndarray) -> Engine:
        """Build an engine.

        Args:
            vectors: `[num_rows, dim]`, float32, finite.
        """

    @abstractmethod
    def load(self, folder: Path) -> Engine:
        """Load the files that `Engine.save` wrote.

        Args:
            folder: Folder passed to `save`.
        """

    @property
    def search_budget(self) -> int | None:
        """Value of the field named by `search_budget_name`; None if there is none."""
        return None if self.search_budget_name is None else getattr(self, self.search_budget_name)

    def get_config(self) -> dict[str, Any]:
        """Return the fields, for JSON."""
        return dataclasses.asdict(self)  # type: ignore[call-overload]

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return the spec that `get_config` described."""
        return cls(**config)
