"""All candidates of an index at one moment."""

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
    """What a query sees from its beginning to its end, whatever is changed meanwhile.

    Candidates are numbered: first the rows of the engine, then the fresh ones, which came after it was made.
    A candidate that was removed, or replaced by a fresh one, keeps its row, without any bit.

    Args:
        engine: Finds the best of its rows.
        vocabulary: The ids of its rows; None when they are the row numbers.
        attributes: What the bits stand for.
        bits: `[num_rows, num_words]`, int32, of the engine's rows and the fresh ones.
        delta: `[num_delta, dim]`, float32.
        delta_ids: Of the fresh rows, `num_delta` of them.
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
        """Candidates that all stand in an engine.

        Args:
            engine: With all vectors.
            vocabulary: Their ids.
            attributes: Values by attribute, one a candidate.
        """
        known, bits = Attributes().joined(attributes, engine.num_rows)
        return cls(engine, vocabulary, known, bits, np.empty((0, engine.dim), "float32"))

    @cached_property
    def ids(self) -> CandidateIds:
        """Ids to rows and rows to ids."""
        return CandidateIds(self.vocabulary, self.engine.num_rows, self.delta_ids, self.is_live)

    @cached_property
    def is_live(self) -> np.ndarray:
        """`[num_rows]`, bool, whether a row was neither removed nor replaced."""
        return self.bits[:, 0] & 1 == 1

    @cached_property
    def num_candidates(self) -> int:
        """How many candidates there are."""
        return int(self.is_live.sum())

    @cached_property
    def has_deletions(self) -> bool:
        """Whether there are rows, of the engine or fresh, whose candidates are not there any more."""
        return not bool(self.is_live.all())

    @cached_property
    def engine_has_deletions(self) -> bool:
        """Whether there are such rows of the engine; else it need not be told of any."""
        return not bool(self.is_live[: self.engine.num_rows].all())

    @cached_property
    def bits_of_engine(self) -> Any:
        """The bits of the engine's rows, as a tensor."""
        return ops.convert_to_tensor(self.bits[: self.engine.num_rows])

    def without(self, rows: np.ndarray) -> "Snapshot":
        """The candidates without some.

        Args:
            rows: `[n]`, theirs.
        """
        bits = self.bits.copy()
        bits[rows] = 0
        return dataclasses.replace(self, bits=bits)

    def upserted(self, ids: list[ItemId], vectors: np.ndarray, columns: Mapping[str, Any]) -> "Snapshot":
        """The candidates with some added and replaced; an id that was fresh before keeps its row.

        Args:
            ids: `n` distinct ones, as the index keeps them.
            vectors: `[n, dim]`, float32.
            columns: Values by attribute, one a candidate.
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
        """The vectors of some rows, of the engine or fresh.

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
