"""Candidates in memory that can change while they are searched."""

import dataclasses
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from shortlist.errors import ArgumentError, NotIndexedError, must
from shortlist.ids import Vocabulary, as_array, exact_ids
from shortlist.search._attributes import Where
from shortlist.search._engine import Engine, EngineSpec
from shortlist.search._query import answer, scores_of
from shortlist.search._requests import IdLists, Request, id_lists, one_list
from shortlist.search._snapshot import Snapshot
from shortlist.typing import ArrayLike, ItemId

__all__ = ["Answer", "CandidateStore"]


class Answer(NamedTuple):
    """Results of a batch of queries, best first, padded with -inf and with -1 or empty ids."""

    scores: np.ndarray
    """`[num_queries, k]`, float32."""
    ids: np.ndarray
    """`[num_queries, k]`."""
    unknown: list[list[ItemId]]
    """Ids of `exclude` and `allow` that no candidate has, per query."""


@final
class CandidateStore:
    """Vectors, ids and attributes in memory, with an engine that searches them. Needs no Keras.

    Every change creates a new immutable snapshot, so queries need no lock; only changes take one. Candidates
    added later are kept next to the built engine and searched exactly, until `compact`.

    Args:
        spec: Builds and loads engines. If this attribute is replaced, the next build uses the new spec.
        capacity: Maximum number of candidates; None for no limit.

    Example:
        >>> from shortlist.search import ExactSpec
        >>> store = CandidateStore(ExactSpec())
        >>> store.replace(np.eye(3, dtype="float32"), ids=["Heat", "Alien", "Up"])
        >>> store.upsert(["Brazil"], np.float32([[0, 9, 9]]))
        >>> store.search(np.float32([[[0.1, 0.5, 0.3]]]), k=2).ids.tolist()
        [['Brazil', 'Alien']]
    """

    def __init__(self, spec: EngineSpec, capacity: int | None = None) -> None:
        self.spec, self.capacity = spec, capacity
        self.build_seconds: float | None = None
        self._snapshot: Snapshot | None = None
        self._changing = threading.RLock()

    @property
    def num_candidates(self) -> int:
        """Number of candidates."""
        return 0 if self._snapshot is None else self._snapshot.num_candidates

    @property
    def is_filled(self) -> bool:
        """Return whether candidates were given or loaded; they may all have been removed since."""
        return self._snapshot is not None

    def snapshot(self) -> Snapshot:
        """Return the current candidates, which later changes do not affect.

        Raises:
            NotIndexedError: If the store was never filled.
        """
        snapshot = self._snapshot
        if snapshot is None:
            raise NotIndexedError(must("the store", "hold candidates", got="none", fix="Call replace first"))
        return snapshot

    def replace(
        self, vectors: np.ndarray, ids: ArrayLike | None = None, attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Replace all candidates.

        Args:
            vectors: `[num_candidates, dim]`, float32, finite.
            ids: `[num_candidates]`, unique strings, bytes or integers; row numbers if None.
            attributes: Values by attribute, one entry per candidate.

        Raises:
            ArgumentError: If there is not one unique id per vector, the capacity is exceeded, or an attribute
                mixes types.
        """
        vocabulary = None if ids is None else Vocabulary(ids)
        if vocabulary is not None and len(vocabulary) != len(vectors):
            raise ArgumentError(
                must("ids", f"hold one id for each of the {len(vectors)} candidates", got=len(vocabulary))
            )
        self._check_capacity(len(vectors))
        snapshot = Snapshot.of_engine(self.build(vectors), vocabulary, attributes or {})
        with self._changing:
            self._snapshot = snapshot

    def build(self, vectors: np.ndarray, spec: EngineSpec | None = None) -> Engine:
        """Build an engine, with the store's spec if None, and keep the time it took in `build_seconds`."""
        started = time.perf_counter()
        engine = _checked(self.spec if spec is None else spec).build(vectors)
        self.build_seconds = time.perf_counter() - started
        return engine

    def upsert(
        self, ids: ArrayLike, vectors: np.ndarray, attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Add candidates, replacing those with the same ids.

        Args:
            ids: `[n]`, unique, of the type of the stored ids.
            vectors: `[n, dim]`, float32, finite.
            attributes: As in `replace`. A replaced candidate loses its previous attributes.

        Raises:
            NotIndexedError: If the store was never filled.
            ArgumentError: If shapes do not match, an id is duplicated or the capacity would be exceeded.
        """
        with self._changing:
            snapshot = self.snapshot()
            if vectors.shape[1] != snapshot.engine.dim:
                requirement = f"have the {snapshot.engine.dim} dimensions of the index"
                raise ArgumentError(must("vectors", requirement, got=vectors.shape[1]))
            plain = exact_ids(np.array(snapshot.ids.plain(as_array(ids)), dtype=object))
            if len(set(plain)) < len(plain) or len(plain) != len(vectors):
                raise ArgumentError(
                    must(
                        "ids",
                        f"hold one unique id for each of the {len(vectors)} vectors",
                        got=f"{len(plain)} ids, {len(set(plain))} of them distinct",
                    )
                )
            changed = snapshot.upserted(plain, vectors, attributes or {})
            self._check_capacity(changed.num_candidates)
            self._snapshot = changed

    def remove(self, ids: ArrayLike) -> int:
        """Remove candidates, effective from the next query on.

        Args:
            ids: `[n]`; unknown ids are ignored.

        Returns:
            Number of candidates removed.

        Raises:
            NotIndexedError: If the store was never filled.
            ArgumentError: If `ids` is not a list.
        """
        with self._changing:
            snapshot = self.snapshot()
            rows = snapshot.ids.rows(one_list(ids, "ids"))
            changed = snapshot.without(rows[rows >= 0])
            self._snapshot = changed
        return snapshot.num_candidates - changed.num_candidates

    def compact(self) -> None:
        """Rebuild the engine from the current candidates, so that past changes no longer slow down queries.

        Raises:
            NotIndexedError: If the store was never filled.
        """
        with self._changing:
            self._snapshot = self.snapshot().compacted(self.build)

    def set_engine(self, engine: Engine, spec: EngineSpec, *, instead_of: Engine) -> None:
        """Search with another engine over the same vectors, keeping changes made meanwhile.

        Args:
            engine: New engine.
            spec: Builds and loads engines like it.
            instead_of: Engine that `engine` was derived from.

        Raises:
            ArgumentError: If the store was rebuilt in the meantime.
        """
        with self._changing:
            now = self.snapshot()
            if now.engine is not instead_of:
                fix = "Call tune() again"
                raise ArgumentError(must("the index", "not be rebuilt while it is tuned", fix=fix))
            self._snapshot, self.spec = dataclasses.replace(now, engine=engine), spec

    def search(
        self,
        queries: np.ndarray,
        k: int,
        *,
        exclude: IdLists = None,
        allow: IdLists = None,
        where: Where | Sequence[Where] | None = None,
    ) -> Answer:
        """Return the k highest-scoring candidates for each query, best first.

        Args:
            queries: `[num_queries, heads, dim]`, float32.
            k: Number of results per query, at least 1; at most all candidates are returned.
            exclude: Ids to leave out: one list for all queries, or one list per query.
            allow: Ids to choose from, in the same form.
            where: Required attribute values: a dict for all queries, or a list with one dict per query.

        Raises:
            NotIndexedError: If the store was never filled.
            ArgumentError: If there is not one list per query, or an attribute is unknown.
        """
        snapshot = self.snapshot()
        request = Request.of(snapshot, len(queries), exclude=exclude, allow=allow, where=where)
        scores, rows = answer(snapshot, queries, k, request)
        return Answer(scores, snapshot.ids.of_rows(rows), request.unknown)

    def score(self, queries: np.ndarray, ids: IdLists) -> np.ndarray:
        """Return the scores of given candidates, in the order of `ids`.

        Args:
            queries: `[num_queries, heads, dim]`, float32.
            ids: One list for all queries, or one list per query, all of the same length.

        Returns:
            `[num_queries, num_ids]`, float32; -inf for unknown ids.

        Raises:
            NotIndexedError: If the store was never filled.
            ArgumentError: If there is not one list per query, or lengths differ.
        """
        snapshot, lists = self.snapshot(), id_lists(ids, len(queries), "ids")
        if len({len(one) for one in lists}) > 1:
            lengths = sorted({len(one) for one in lists})
            raise ArgumentError(must("ids", "have the same length for all queries", got=f"lengths {lengths}"))
        scores = np.empty((len(queries), len(lists[0]) if lists else 0), "float32")
        for query, listed in enumerate(lists):
            rows = snapshot.ids.rows(listed)
            each = scores_of(queries[query], snapshot.vectors_of(np.maximum(rows, 0)))
            scores[query] = np.where(rows < 0, -np.inf, each)
        return scores

    def similar(
        self,
        ids: ArrayLike,
        k: int,
        *,
        exclude: IdLists = None,
        allow: IdLists = None,
        where: Where | Sequence[Where] | None = None,
    ) -> Answer:
        """Return the k most similar candidates to each given candidate, excluding itself.

        Args:
            ids: `[n]`.
            k: Number of results per id.
            exclude: As in `search`.
            allow: As in `search`.
            where: As in `search`.

        Raises:
            NotIndexedError: If the store was never filled.
            ArgumentError: If an id is unknown, and as for `search`.
        """
        snapshot, listed = self.snapshot(), one_list(ids, "ids")
        rows = snapshot.ids.rows(listed)
        if (rows < 0).any():
            unknown = f"unknown ids {listed[rows < 0][:5].tolist()}"
            raise ArgumentError(must("ids", "hold ids of the index", got=unknown))
        others = id_lists([] if exclude is None else exclude, len(rows), "exclude")
        each = [[one, *more.tolist()] for one, more in zip(listed.tolist(), others, strict=True)]
        request = Request.of(snapshot, len(rows), exclude=each, allow=allow, where=where)
        scores, found = answer(snapshot, snapshot.vectors_of(rows)[:, None], k, request)
        return Answer(scores, snapshot.ids.of_rows(found), request.unknown)

    def save(self, folder: Path) -> None:
        """Write the candidates to files, with a manifest of checksums.

        Args:
            folder: Folder to create.

        Raises:
            NotIndexedError: If the store was never filled.
        """
        self.snapshot().save(folder)

    def load(self, folder: Path) -> None:
        """Replace all candidates by those of a folder that `save` wrote.

        Args:
            folder: Folder passed to `save`.

        Raises:
            ArtifactError: If a file is missing, truncated or changed. The message names it.
        """
        snapshot = Snapshot.load(folder, _checked(self.spec).load)
        with self._changing:
            self._snapshot = snapshot

    def _check_capacity(self, num_candidates: int) -> None:
        if self.capacity is not None and num_candidates > self.capacity:
            raise ArgumentError(
                must(
                    "candidates",
                    f"fit the capacity {self.capacity}",
                    got=num_candidates,
                    fix="Remove some, or create an index with a larger capacity",
                )
            )


def _checked(spec: EngineSpec) -> EngineSpec:
    name = spec.search_budget_name
    if name is not None and spec.search_budget is None:
        requirement = "have a search budget"
        got, fix = f"{name}=None", "Pass search.ExactSpec() for exact search"
        raise ArgumentError(must(type(spec).__name__, requirement, got=got, fix=fix))
    return spec
