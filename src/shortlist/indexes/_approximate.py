"""What approximate indexes share: an search budget, chosen by the recall it buys."""

import time
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import numpy as np

from shortlist.errors import ArgumentError
from shortlist.indexes._base import check_k
from shortlist.indexes._brute_force import ExactEngine
from shortlist.indexes._engine import Engine
from shortlist.indexes._stored import StoredIndex
from shortlist.indexes._tuning import Tuning, some_candidates, tune

__all__ = ["ApproximateIndex"]

SMALL = 10_000
"""Below so many candidates, scoring all of them takes no longer than choosing some."""


class ApproximateIndex(StoredIndex):
    """An index that looks at some of its candidates, more of them the greater its search budget. Abstract.

    Args:
        search_budget: How much is looked at, in the engine's own unit; None for all of it: exact search.
        **options: As of `StoredIndex`.
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
        """What searches these vectors approximately."""

    @abstractmethod
    def _load(self, folder: Path, search_budget: int) -> Engine:
        """What its `save` wrote."""

    def _took(self, engine: Engine) -> None:
        """Remember what `tune` chose besides the search budget."""

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
        """Take the least search budget that finds a share of the exact answers, and measure what it costs.

        Below 10,000 candidates it chooses exact search, and says so. An index of exact search that has more
        is built first.

        Args:
            queries: Some hundreds of them, as they will be asked, not those to evaluate by later. When None,
                some of the candidates, which lie as queries do only where one model makes both.
            recall: The share of the exact k best that must be found, above 0 and at most 1.
            k: How many best; the index's own k when None.

        Returns:
            What was tried and chosen; print it, or draw it with `plot`. It is also kept in `tuning`.

        Raises:
            NotIndexedError: Before there are candidates.
            ArgumentError: When the recall is out of range, there is no query, or the index was built again
                meanwhile.

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
        with self._changing:  # candidates may have come and gone meanwhile, which are kept
            now = self.snapshot()
            if now.engine is not snapshot.engine:
                raise ArgumentError("the index was built again while it was tuned; tune it again.")
            self.search_budget, self.tuning = tuning.search_budget, tuning
            self._took(engine)
            self._take(replace(now, engine=engine))
        return tuning
