"""Engine that searches partitions, and its settings."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, final

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.search._engine import Engine, EngineSpec, Found
from shortlist.search._requests import check_k
from shortlist.search._row_filter import RowFilter
from shortlist.search._tables import load_table, save_table
from shortlist.search._tensors import FilterCache, FilterSizes, compiled_for, filter_sizes, to_host
from shortlist.search.partitions._layout import Partitions, default_num_partitions
from shortlist.search.partitions._search import SearchSizes, search
from shortlist.typing import Tensor

__all__ = ["WIDER", "PartitionedEngine", "PartitionedSpec"]

_TABLES = ("centroids", "vectors", "rows", "slots", "scales", "exact")

_RESCORED = (2, 4, 8, 16)

WIDER = 8
"""Factor by which the number of partitions grows while too few candidates pass the filter."""


@final
@dataclasses.dataclass(frozen=True)
class PartitionedSpec(EngineSpec):
    """Settings of a search in partitions; see `indexes.Partitioned`."""

    probes: int | None = 16
    codes: str | None = None
    num_rescored: int = 4
    num_partitions: int | None = None
    seed: int = 0
    search_budget_name: ClassVar[str] = "probes"

    def __post_init__(self) -> None:
        if self.codes not in (None, "int8"):
            raise ArgumentError(must("codes", "be None or 'int8'", got=repr(self.codes)))
        check_k(self.num_rescored, "num_rescored")
        if self.num_partitions is not None:
            check_k(self.num_partitions, "num_partitions")

    def build(self, vectors: np.ndarray) -> Engine:
        most = len(vectors)
        number = default_num_partitions(most) if self.num_partitions is None else self.num_partitions
        partitions = Partitions.of(vectors, min(number, most), self.seed, as_codes=self.codes is not None)
        return PartitionedEngine(partitions.tables(vectors), self.probes or 1, self.num_rescored)

    def load(self, folder: Path) -> Engine:
        return PartitionedEngine.load(folder, self.probes or 1, self.num_rescored)


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
        self._filters = FilterCache()

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

    def settings(self) -> Mapping[str, Any]:
        return {"num_rescored": self.num_rescored}

    def label(self) -> str:
        more = f", re-scored = {self.num_rescored} k" if self.has_codes else ""
        return f"probes = {self.search_budget}{more}"

    def _changed(self, **settings: int) -> Self:
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__, **settings)
        return other

    def search(self, queries: np.ndarray, k: int, rows: RowFilter) -> Found:
        scores, found = self._look(queries, k, rows, self.search_budget)
        probes, short = self.search_budget, np.flatnonzero(found[:, -1] < 0)
        while len(short) and probes < self.num_partitions:
            probes = min(WIDER * probes, self.num_partitions)
            # Padded to a power of two, as each batch size compiles.
            which = np.resize(short, 1 << (len(short) - 1).bit_length())
            wider = self._look(queries[which], k, rows.of_queries(which), probes)
            scores, found = scores.copy(), found.copy()
            scores[which], found[which] = wider
            short = np.flatnonzero(found[:, -1] < 0)
        return scores, found

    def _look(self, queries: np.ndarray, k: int, rows: RowFilter, probes: int) -> Found:
        return to_host(self._search(queries, k, self._filters.tensors(rows), probes))

    def search_tensors(self, queries: Tensor, k: int, rows: RowFilter) -> tuple[Tensor, Tensor]:
        """Return what `search` returns without widening, as tensors; also while a graph is traced."""
        return self._search(queries, k, rows, self.search_budget)

    def _search(self, queries: Tensor, k: int, rows: RowFilter, probes: int) -> tuple[Tensor, Tensor]:
        heads, is_single = queries.shape[1], queries.shape[0] == 1
        sizes = self.sizes(heads=heads, k=k, probes=probes, rows=filter_sizes(rows), is_single=is_single)
        parts = (part for part in (queries, *rows) if part is not None)
        return compiled_for(search, sizes)(self.tables, *map(ops.convert_to_tensor, parts))

    def num_found_at_least(self, probes: int) -> int:
        """Return the number of rows in the `probes` smallest partitions.

        Every unfiltered query finds at least as many.

        Args:
            probes: Partitions searched per query.
        """
        counts = np.sort((backend.host_array(self.tables["rows"]) >= 0).sum(axis=1))
        return int(counts[:probes].sum())

    def sizes(self, *, heads: int, k: int, probes: int, rows: FilterSizes, is_single: bool) -> SearchSizes:
        """Collect the static sizes of a compiled search.

        Args:
            heads: Number of heads per query.
            k: Number of results per query.
            probes: Partitions searched per query; raised if they hold fewer than k rows.
            rows: Sizes of the filter.
            is_single: Whether the batch holds one query.
        """
        probes = min(self.num_partitions, max(probes, -(-k // self.size)))
        num_rescored = min(self.num_rescored * k, probes * self.size) if self.has_codes else 0
        return SearchSizes(
            num_partitions=self.num_partitions,
            size=self.size,
            dim=self.dim,
            heads=heads,
            probes=probes,
            k=k,
            num_rescored=num_rescored,
            rows=rows,
            is_single=is_single,
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
