"""Base class of approximate indexes, whose search budget trades recall for speed."""

import time
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import numpy as np

from shortlist.errors import ArgumentError, must
from shortlist.indexes._base import check_k
from shortlist.indexes._brute_force import ExactEngine
from shortlist.indexes._engine import Engine
from shortlist.indexes._stored import StoredIndex
from shortlist.indexes._tuning import Tuning, some_candidates, tune

__all__ = ["ApproximateIndex"]

SMALL = 10_000
"""Below this number of candidates, exact search is as fast as approximate search."""


class ApproximateIndex(StoredIndex):
    """Index that scores only part of its candidates. Abstract.

    Args:
        search_budget: Amount of work per query, in the engine's own unit; None for exact search.
        **options: Options of `StoredIndex`.
    """

    def __init__(self, search_budget: int | None, **options: Any) -> None:
        super().__init__(**options)
        self.search_budget = (
            None if search_budget is None else check_k(search_budget, self.search_budget_name)
        )
        self.build_seconds: float | None = None
        self.tuning: Tuning | None = None

    @abstractmethod
    def _build(self, vectors: np.ndarray, search_budget: int) -> Engine:
        """Build an approximate engine from vectors `[num_rows, dim]`."""

    @abstractmethod
    def _load(self, folder: Path, search_budget: int) -> Engine:
        """Load the files that the engine's `save` wrote."""

    def _took(self, engine: Engine) -> None:
        """Store other settings that `tune` chose, besides the search budget."""

    @final
    def _make_engine(self, vectors: np.ndarray) -> Engine:
        return (
            ExactEngine(vectors) if self.search_budget is None else self._built(vectors, self.search_budget)
        )

    def _built(self, vectors: np.ndarray, search_budget: int) -> Engine:
        started = time.perf_counter()
        engine = self._build(vectors, search_budget)
        self.build_seconds = time.perf_counter() - started
        return engine

    @final
    def _load_engine(self, folder: Path) -> Engine:
        return (
            ExactEngine.load(folder) if self.search_budget is None else self._load(folder, self.search_budget)
        )

    def tune(self, queries: Any = None, recall: float = 0.95, k: int | None = None) -> Tuning:
        """Set the smallest search budget that reaches a recall, and measure its latency.

        Below 10,000 candidates, exact search is chosen. If the index uses exact search and has more
        candidates, the approximate engine is built first.

        Args:
            queries: A few hundred typical queries, distinct from those used for evaluation. If None, a sample
                of the candidates, which is representative only if one model computes both kinds of vectors.
            recall: Fraction of the exact top k to find, in (0, 1].
            k: Number of results per query; the index's `k` if None.

        Returns:
            Measured settings and the chosen one, to print or `plot`; also stored in `tuning`.

        Raises:
            NotIndexedError: If the index has no candidates.
            ArgumentError: If `recall` is out of range, there are no queries, or the index is rebuilt while it
                is tuned.

        Example:
            >>> import numpy as np, shortlist as sl
            >>> vectors = np.random.default_rng(0).normal(size=(200, 8)).astype("float32")
            >>> index = sl.indexes.Partitioned().index(vectors)
            >>> index.tune(vectors[:10]).chosen
            'exact search'
        """
        snapshot = self.snapshot()
        if queries is None:
            vectors = some_candidates(snapshot.engine)
        else:
            vectors = self._query_vectors(snapshot, queries)
        engine, is_small = snapshot.engine, snapshot.num_candidates < SMALL
        if engine.is_exact and not is_small:
            engine = self._built(engine.vectors_of(np.arange(engine.num_rows)), search_budget=1)
        engine, tuning = tune(
            engine,
            vectors,
            recall=recall,
            k=self.k if k is None else check_k(k),
            is_small=is_small,
            build_seconds=self.build_seconds,
        )
        with self._changing:  # keeps candidates added and removed meanwhile
            now = self.snapshot()
            if now.engine is not snapshot.engine:
                fix = "Call tune() again"
                raise ArgumentError(must("the index", "not be rebuilt while it is tuned", fix=fix))
            self.search_budget, self.tuning = tuning.search_budget, tuning
            self._took(engine)
            self._take(replace(now, engine=engine))
        return tuning
