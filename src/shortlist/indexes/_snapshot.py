"""Immutable state of an index at one moment."""

import dataclasses
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from keras import ops

from shortlist.features import Vocabulary
from shortlist.ids import CandidateIds
from shortlist.indexes._attributes import Attributes
from shortlist.indexes._engine import Engine
from shortlist.typing import ItemId

__all__ = ["Snapshot"]


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """Immutable candidates, which a query sees from start to end.

    Rows are numbered with the engine's rows first, then the delta, the candidates added since the engine was
    built. A candidate that was removed, or replaced by one in the delta, keeps its row with all bits 0.

    Args:
        engine: Searches the candidates it was built with.
        vocabulary: Ids of the engine's rows; None if ids are row numbers.
        attributes: Meaning of the bits.
        bits: Attribute masks `[num_rows, num_words]`, int32, of the engine's rows and the delta.
        delta: Vectors `[num_delta, dim]`, float32.
        delta_ids: Ids of the delta, `num_delta` of them.
    """

    engine: Engine
    vocabulary: Vocabulary | None
    attributes: Attributes
    bits: np.ndarray
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
        known, bits = Attributes().joined(attributes, engine.num_rows)
        return cls(engine, vocabulary, known, bits, np.empty((0, engine.dim), "float32"))

    @cached_property
    def ids(self) -> CandidateIds:
        """Mapping between ids and rows."""
        return CandidateIds(self.vocabulary, self.engine.num_rows, self.delta_ids, self.is_live)

    @cached_property
    def is_live(self) -> np.ndarray:
        """Mask `[num_rows]`, bool, of rows that were neither removed nor replaced."""
        return self.bits[:, 0] & 1 == 1

    @cached_property
    def num_candidates(self) -> int:
        """Number of live candidates."""
        return int(self.is_live.sum())

    @cached_property
    def has_deletions(self) -> bool:
        """Is True if a row was removed or replaced."""
        return not bool(self.is_live.all())

    @cached_property
    def engine_has_deletions(self) -> bool:
        """Is True if a row of the engine was removed or replaced, so that searches need a filter."""
        return not bool(self.is_live[: self.engine.num_rows].all())

    @cached_property
    def bits_of_engine(self) -> Any:
        """Attribute masks of the engine's rows, as a tensor."""
        return ops.convert_to_tensor(self.bits[: self.engine.num_rows])

    def without(self, rows: np.ndarray) -> "Snapshot":
        """Return a snapshot without some candidates.

        Args:
            rows: Rows to remove, `[n]`.
        """
        bits = self.bits.copy()
        bits[rows] = 0
        return dataclasses.replace(self, bits=bits)

    def upserted(self, ids: list[ItemId], vectors: np.ndarray, columns: Mapping[str, Any]) -> "Snapshot":
        """Return a snapshot with candidates added or replaced; ids already in the delta keep their row.

        Args:
            ids: `n` distinct ids, of the type that the index stores.
            vectors: `[n, dim]`, float32.
            columns: Values by attribute, one entry per candidate.
        """
        num_old, (attributes, new_bits) = self.engine.num_rows, self.attributes.joined(columns, len(ids))
        is_delta = set(self.delta_ids)
        new_ids = [id_ for id_ in ids if id_ not in is_delta]
        delta_ids = (*self.delta_ids, *new_ids)
        row_of = {id_: num_old + place for place, id_ in enumerate(delta_ids)}
        rows, replaced = np.array([row_of[id_] for id_ in ids]), self.ids.rows(np.array(ids, dtype=object))
        bits = np.pad(attributes.widened(self.bits), [(0, len(new_ids)), (0, 0)])
        bits[replaced[replaced >= 0]] = 0
        bits[rows] = new_bits
        delta = np.pad(self.delta, [(0, len(new_ids)), (0, 0)])
        delta[rows - num_old] = vectors
        return Snapshot(self.engine, self.vocabulary, attributes, bits, delta, delta_ids)

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
