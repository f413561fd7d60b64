"""Immutable state of a candidate store at one moment."""

import dataclasses
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from shortlist.artifacts import verify, write_manifest
from shortlist.ids import CandidateIds, Vocabulary
from shortlist.search._attributes import Attributes
from shortlist.search._engine import Engine
from shortlist.typing import ItemId

__all__ = ["Snapshot"]

_IDS, _DELTA_IDS = "ids.parquet", "delta_ids.parquet"
_DELTA, _TABLE = "delta.npy", "attributes.npy"


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Immutable candidates; a query uses the same snapshot from start to end.

    Rows are numbered with the engine's rows first, then the delta, the candidates added since the engine was
    built. A candidate that was removed, or replaced by one in the delta, keeps its row, in which the bit
    of live candidates is cleared.

    Args:
        engine: Searches the candidates it was built with.
        vocabulary: Ids of the engine's rows; None if ids are row numbers.
        attributes: Meaning of the columns of `table`.
        table: Attributes `[num_rows, num_columns]`, int32, of the engine's rows and the delta.
        delta: Vectors `[num_delta, dim]`, float32.
        delta_ids: Ids of the delta, `num_delta` of them.
    """

    engine: Engine
    vocabulary: Vocabulary | None
    attributes: Attributes
    table: np.ndarray
    delta: np.ndarray
    delta_ids: tuple[ItemId, ...] = ()

    @classmethod
    def of_engine(
        cls, engine: Engine, vocabulary: Vocabulary | None, attributes: Mapping[str, Any]
    ) -> "Snapshot":
        """Create a snapshot of a newly built engine.

        Args:
            engine: Holds all vectors.
            vocabulary: Ids of the engine's rows; None if ids are row numbers.
            attributes: Values by attribute, one entry per candidate.
        """
        known, table = Attributes().encode(attributes, engine.num_rows)
        return cls(engine, vocabulary, known, table, np.empty((0, engine.dim), "float32"))

    @cached_property
    def ids(self) -> CandidateIds:
        """Mapping between ids and rows."""
        return CandidateIds(self.vocabulary, self.engine.num_rows, self.delta_ids, self.is_live)

    @property
    def num_rows(self) -> int:
        """Number of rows of the engine and the delta."""
        return len(self.table)

    @cached_property
    def is_live(self) -> np.ndarray:
        """Mask `[num_rows]`, bool, of rows that were neither removed nor replaced."""
        return self.table[:, 0] & 1 == 1

    @cached_property
    def num_candidates(self) -> int:
        """Number of live candidates."""
        return int(self.is_live.sum())

    @cached_property
    def has_deletions(self) -> bool:
        """Return whether a row was removed or replaced."""
        return not bool(self.is_live.all())

    @cached_property
    def engine_has_deletions(self) -> bool:
        """Return whether a row of the engine was removed or replaced, so that searches need a filter."""
        return not bool(self.is_live[: self.engine.num_rows].all())

    @cached_property
    def table_of_engine(self) -> np.ndarray:
        """Attributes of the engine's rows; the same object each time, so engines can cache its tensor."""
        return self.table[: self.engine.num_rows]

    def without(self, rows: np.ndarray) -> "Snapshot":
        """Return a snapshot without some candidates.

        Args:
            rows: Rows to remove, `[n]`.
        """
        table = self.table.copy()
        table[rows] = 0
        return dataclasses.replace(self, table=table)

    def upserted(self, ids: list[ItemId], vectors: np.ndarray, columns: Mapping[str, Any]) -> "Snapshot":
        """Return a snapshot with candidates added or replaced; ids already in the delta keep their row.

        Args:
            ids: `n` distinct ids, of the type that the index stores.
            vectors: `[n, dim]`, float32.
            columns: Values by attribute, one entry per candidate.
        """
        num_old, (attributes, new) = self.engine.num_rows, self.attributes.encode(columns, len(ids))
        in_delta = set(self.delta_ids)
        new_ids = [id_ for id_ in ids if id_ not in in_delta]
        delta_ids = (*self.delta_ids, *new_ids)
        row_of = {id_: num_old + position for position, id_ in enumerate(delta_ids)}
        rows, replaced = np.array([row_of[id_] for id_ in ids]), self.ids.rows(np.array(ids, dtype=object))
        table = np.pad(attributes.widen(self.table, self.attributes), [(0, len(new_ids)), (0, 0)])
        table[replaced[replaced >= 0]] = 0
        table[rows] = new
        delta = np.pad(self.delta, [(0, len(new_ids)), (0, 0)])
        delta[rows - num_old] = vectors
        return Snapshot(self.engine, self.vocabulary, attributes, table, delta, delta_ids)

    def compacted(self, build: Callable[[np.ndarray], Engine]) -> "Snapshot":
        """Return a snapshot whose engine holds all candidates; this snapshot if its engine already does.

        Args:
            build: Builds an engine from vectors `[num_rows, dim]`.
        """
        rows = np.flatnonzero(self.is_live)
        is_compact = len(rows) == self.engine.num_rows and not len(self.delta)
        if is_compact or not len(rows):  # an engine needs at least one row
            return self
        ids, engine = Vocabulary(self.ids.known()), build(self.vectors_of(rows))
        return Snapshot(engine, ids, self.attributes, self.table[rows], self.delta[:0])

    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        """Return the vectors of rows of the engine or the delta.

        Args:
            rows: `[n]`, in `[0, num_rows)`.

        Returns:
            `[n, dim]`, float32.
        """
        num_old = self.engine.num_rows
        if not len(self.delta) or (rows < num_old).all():
            return self.engine.vectors_of(rows)
        vectors = np.empty((len(rows), self.engine.dim), "float32")
        is_old = rows < num_old
        vectors[is_old] = self.engine.vectors_of(rows[is_old])
        vectors[~is_old] = self.delta[rows[~is_old] - num_old]
        return vectors

    def save(self, folder: Path) -> None:
        """Write the candidates to files, with a manifest of checksums.

        Args:
            folder: Folder to create.
        """
        folder.mkdir(parents=True)
        self.engine.save(folder)
        np.save(folder / _TABLE, self.table)
        if self.vocabulary is not None:
            self.vocabulary.save(folder / _IDS)
        if len(self.delta):
            np.save(folder / _DELTA, self.delta)
            Vocabulary(np.array(self.delta_ids, dtype=object)).save(folder / _DELTA_IDS)
        write_manifest(folder, "index", {"attributes": self.attributes.get_config()})

    @classmethod
    def load(cls, folder: Path, load_engine: Callable[[Path], Engine]) -> "Snapshot":
        """Load candidates.

        Args:
            folder: Folder passed to `save`.
            load_engine: Loads the files that `Engine.save` wrote.

        Raises:
            ArtifactError: If a file is missing, truncated or changed. The message names it.
        """
        attributes = Attributes.from_config(verify(folder).description["attributes"])
        engine = load_engine(folder)
        delta, delta_ids = np.empty((0, engine.dim), "float32"), ()
        if (folder / _DELTA).exists():
            delta = np.load(folder / _DELTA)
            delta_ids = tuple(Vocabulary.load(folder / _DELTA_IDS).known_ids.tolist())
        vocabulary = Vocabulary.load(folder / _IDS) if (folder / _IDS).exists() else None
        return cls(engine, vocabulary, attributes, np.load(folder / _TABLE), delta, delta_ids)
