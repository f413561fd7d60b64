"""The engine of a partitioned index."""

from pathlib import Path
from typing import Any, Self, final

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.indexes._candidates import to_numpy
from shortlist.indexes._compiling import compiled_for
from shortlist.indexes._engine import Engine
from shortlist.indexes._row_filter import Filter
from shortlist.indexes._tables import load_table, save_table
from shortlist.indexes.partitions._search import SearchSizes, search
from shortlist.typing import Tensor

__all__ = ["WIDER", "PartitionedEngine"]

_TABLES = ("centroids", "vectors", "rows", "slots", "scales", "exact")

_RESCORED = (2, 4, 8, 16)

WIDER = 8
"""How many times as many partitions a query looks into when too few of its candidates were allowed."""


@final
class PartitionedEngine(Engine):
    """Partitions, of which a query looks into those whose centroids score highest.

    Args:
        tables: What `Partitions.tables` returns.
        probes: Partitions a query looks into.
        num_rescored: Where partitions hold codes, how many times k vectors are scored after them.
    """

    is_exact = False

    def __init__(self, tables: dict[str, Any], probes: int, num_rescored: int = 4) -> None:
        super().__init__(int(tables["slots"].shape[0]), int(tables["vectors"].shape[2]))
        self.tables = tables
        self.num_partitions, self.size = map(int, tables["rows"].shape)
        self.max_search_budget = self.num_partitions
        self.search_budget, self.num_rescored = min(probes, self.num_partitions), num_rescored

    @property
    def has_codes(self) -> bool:
        """Whether partitions hold codes."""
        return "scales" in self.tables

    def with_search_budget(self, search_budget: int) -> Self:
        """The same partitions, of which more or fewer are looked into; see `Engine`."""
        return self._changed(search_budget=min(search_budget, self.num_partitions))

    def variants(self) -> list["Engine"]:
        """Of codes, engines that score more or fewer vectors after them; see `Engine`."""
        if not self.has_codes:
            return [self]
        return [self._changed(num_rescored=number) for number in _RESCORED]

    def label(self) -> str:
        """What the setting is called in reports; see `Engine`."""
        more = f", re-scored = {self.num_rescored} k" if self.has_codes else ""
        return f"probes = {self.search_budget}{more}"

    def _changed(self, **settings: int) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, **settings)
        return other

    def search(self, queries: Tensor, k: int, rows: Filter) -> tuple[Any, Any]:
        """The best rows of each query; see `Engine`. Queries that found too few look into more partitions."""
        if backend.is_symbolic(queries):
            return self._look(queries, k, rows, self.search_budget)
        scores, found = map(to_numpy, self._look(queries, k, rows, self.search_budget))
        probes, short = self.search_budget, np.flatnonzero(found[:, -1] < 0)
        while len(short) and probes < self.num_partitions:
            probes = min(WIDER * probes, self.num_partitions)
            which = np.resize(short, 1 << (len(short) - 1).bit_length())  # few sizes, as some compile each
            some = to_numpy(queries)[which]
            wider = map(to_numpy, self._look(some, k, rows.of_queries(which), probes))
            scores, found = scores.copy(), found.copy()
            scores[which], found[which] = wider
            short = np.flatnonzero(found[:, -1] < 0)
        return scores, found

    def _look(self, queries: Tensor, k: int, rows: Filter, probes: int) -> tuple[Tensor, Tensor]:
        asked = [queries, *(part for part in rows if part is not None)]
        sizes = self.sizes(
            heads=queries.shape[1],
            k=k,
            probes=probes,
            num_excluded=rows.num_excluded,
            is_filtered=rows.bits is not None,
            is_single=queries.shape[0] == 1,
        )
        return compiled_for(search, sizes)(self.tables, *map(ops.convert_to_tensor, asked))

    def num_found_at_least(self, probes: int) -> int:
        """How many rows any query finds when all rows will do.

        Args:
            probes: Partitions it looks into.
        """
        counts = np.sort((backend.host_array(self.tables["rows"]) >= 0).sum(axis=1))
        return int(counts[:probes].sum())

    def sizes(self, *, k: int, probes: int, **asked: Any) -> SearchSizes:
        """What a graph of the search must know.

        Args:
            k: How many best.
            probes: Partitions to look into.
            **asked: The other sizes of a request.
        """
        probes = min(self.num_partitions, max(probes, -(-k // self.size)))
        num_rescored = min(self.num_rescored * k, probes * self.size) if self.has_codes else 0
        return SearchSizes(
            num_partitions=self.num_partitions,
            size=self.size,
            dim=self.dim,
            probes=probes,
            k=k,
            num_rescored=num_rescored,
            **asked,
        )

    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        """The vectors of some rows; see `Engine`."""
        if self.has_codes:
            return backend.host_array(self.tables["exact"])[rows]
        vectors, slots = (backend.host_array(self.tables[name]) for name in ("vectors", "slots"))
        return vectors.reshape(-1, self.dim)[slots[rows]]

    def num_bytes(self) -> int:
        """Bytes it takes in memory; see `Engine`."""
        return sum(backend.host_array(table).nbytes for table in self.tables.values())

    def save(self, folder: Path) -> None:
        """Write it into files; see `Engine`."""
        for name, table in self.tables.items():
            save_table(table, folder / f"{name}.npy")

    @classmethod
    def load(cls, folder: Path, probes: int, num_rescored: int) -> Self:
        """Read what `save` wrote.

        Args:
            folder: Where from.
            probes: Partitions a query looks into.
            num_rescored: As in the constructor.
        """
        files = {name: folder / f"{name}.npy" for name in _TABLES}
        tables = {name: load_table(file) for name, file in files.items() if file.exists()}
        return cls(tables, probes, num_rescored)
