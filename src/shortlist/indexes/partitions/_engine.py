"""Engine of the `Partitioned` index."""

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
"""Factor by which the number of partitions grows while too few candidates pass the filter."""


@final
class PartitionedEngine(Engine):
    """Search the partitions whose centroids score highest.

    Eager searches widen to more partitions for queries that found fewer than k rows.

    Args:
        tables: Tables returned by `Partitions.tables`.
        probes: Partitions searched per query.
        num_rescored: With int8 codes, the best `num_rescored * k` rows are rescored exactly.
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
        """Return whether partitions hold int8 codes instead of vectors."""
        return "scales" in self.tables

    def with_search_budget(self, search_budget: int) -> Self:
        return self._changed(search_budget=min(search_budget, self.num_partitions))

    def variants(self) -> list["Engine"]:
        if not self.has_codes:
            return [self]
        return [self._changed(num_rescored=number) for number in _RESCORED]

    def label(self) -> str:
        more = f", re-scored = {self.num_rescored} k" if self.has_codes else ""
        return f"probes = {self.search_budget}{more}"

    def _changed(self, **settings: int) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, **settings)
        return other

    def search(self, queries: Tensor, k: int, rows: Filter) -> tuple[Any, Any]:
        if backend.is_symbolic(queries):
            return self._look(queries, k, rows, self.search_budget)
        scores, found = map(to_numpy, self._look(queries, k, rows, self.search_budget))
        probes, short = self.search_budget, np.flatnonzero(found[:, -1] < 0)
        while len(short) and probes < self.num_partitions:
            probes = min(WIDER * probes, self.num_partitions)
            # Padded to a power of two, as each batch size compiles.
            which = np.resize(short, 1 << (len(short) - 1).bit_length())
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
        """Return the number of rows in the `probes` smallest partitions.

        Every unfiltered query finds at least as many.

        Args:
            probes: Partitions searched per query.
        """
        counts = np.sort((backend.host_array(self.tables["rows"]) >= 0).sum(axis=1))
        return int(counts[:probes].sum())

    def sizes(self, *, k: int, probes: int, **asked: Any) -> SearchSizes:
        """Collect the static sizes of a compiled search.

        Args:
            k: Number of results per query.
            probes: Partitions searched per query; raised if they hold fewer than k rows.
            **asked: Other fields of `SearchSizes`.
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
        if self.has_codes:
            return backend.host_array(self.tables["exact"])[rows]
        vectors, slots = (backend.host_array(self.tables[name]) for name in ("vectors", "slots"))
        return vectors.reshape(-1, self.dim)[slots[rows]]

    def num_bytes(self) -> int:
        return sum(backend.host_array(table).nbytes for table in self.tables.values())

    def save(self, folder: Path) -> None:
        for name, table in self.tables.items():
            save_table(table, folder / f"{name}.npy")

    @classmethod
    def load(cls, folder: Path, probes: int, num_rescored: int) -> Self:
        """Load an engine written by `save`.

        Args:
            folder: Folder given to `save`.
            probes: Partitions searched per query.
            num_rescored: See the constructor.
        """
        files = {name: folder / f"{name}.npy" for name in _TABLES}
        tables = {name: load_table(file) for name, file in files.items() if file.exists()}
        return cls(tables, probes, num_rescored)
