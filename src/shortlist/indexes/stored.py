"""What all indexes share whose candidates are in memory: requests, changes, and files."""

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.artifacts import verify, write_manifest
from shortlist.errors import ArgumentError
from shortlist.features import Vocabulary
from shortlist.features.ids import as_array, exact_ids
from shortlist.indexes.answering import answer, scores_of
from shortlist.indexes.attributes import Attributes, Where
from shortlist.indexes.base import Index, check_k
from shortlist.indexes.candidates import check_vectors, read_candidates, to_numpy
from shortlist.indexes.engine import Engine
from shortlist.indexes.filters import Filter
from shortlist.indexes.requests import IdLists, Request, id_lists
from shortlist.indexes.snapshot import Snapshot
from shortlist.ops import check_shapes
from shortlist.typing import ArrayLike, ItemId, Tensor

__all__ = ["StoredIndex"]

_FOLDER = "candidates"
_IDS, _FRESH_IDS, _FRESH, _BITS = "ids.parquet", "fresh_ids.parquet", "fresh.npy", "bits.npy"
_SIMILARITIES = ("dot", "cosine")

_CHANGING = threading.Lock()
"""Held by whoever changes an index. Whoever asks one takes no lock: it keeps the snapshot it began with."""


class StoredIndex(Index):
    """An index whose candidates are in memory. Abstract.

    Changes never touch what a running query reads: each makes a new snapshot, which the next query takes.
    Candidates that come after `index` are kept beside what was built, and searched exactly, until `compact`
    builds it anew.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
        similarity: `"dot"`, or `"cosine"` for the product of vectors of length 1.
        capacity: Most candidates that `upsert` takes in; None for no limit.
    """

    def __init__(
        self,
        query_model: Callable[[Any], Any] | None = None,
        k: int = 10,
        *,
        similarity: str = "dot",
        capacity: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(query_model, k, **kwargs)
        if similarity not in _SIMILARITIES:
            raise ArgumentError(f"similarity came as {similarity!r}; expected one of {_SIMILARITIES}.")
        self.similarity = similarity
        self.capacity = None if capacity is None else check_k(capacity, "capacity")
        self._snapshot: Snapshot | None = None

    @abstractmethod
    def _make_engine(self, vectors: np.ndarray) -> Engine:
        """What searches these vectors, `[num_rows, dim]`, float32 and checked."""

    @abstractmethod
    def _load_engine(self, folder: Path) -> Engine:
        """What `Engine.save` wrote."""

    def index(
        self,
        candidates: ArrayLike,
        ids: ArrayLike | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Self:
        """Take these candidates, in place of any before.

        Args:
            candidates: `[num_candidates, dim]`, finite.
            ids: `[num_candidates]`, distinct, text, bytes or integers; the row numbers when None.
            attributes: By name, what each candidate is, `[num_candidates]`, for `where`: text, integers or
                bools; a list for a candidate with several values, None for one without.

        Returns:
            The index.

        Raises:
            ArgumentError: When shapes do not fit, a number is not finite or an id stands twice.
        """
        vectors = check_vectors(candidates)
        vocabulary = None if ids is None else Vocabulary(ids)
        if vocabulary is not None and len(vocabulary) != len(vectors):
            raise ArgumentError(
                f"{len(vocabulary)} ids came for {len(vectors)} candidates; expected one each."
            )
        self._check_capacity(len(vectors))
        engine = self._make_engine(self._of_unit_length(vectors))
        self._take(Snapshot.of_engine(engine, vocabulary, attributes))
        return self

    def index_from_dataset(
        self,
        candidates: Iterable[Any],
        encoder: Callable[[Any], Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Self:
        """Take the candidates of a dataset, in place of any before.

        Args:
            candidates: Batches of vectors `[n, dim]`, or of pairs of ids `[n]` and vectors, such as a
                `tf.data.Dataset`.
            encoder: What turns features, in the place of vectors, into vectors.
            attributes: As in `index`, in the order of the dataset.

        Returns:
            The index.

        Raises:
            ArgumentError: As `index`, and when the dataset is empty.
        """
        return self.index(*read_candidates(candidates, encoder), attributes=attributes)

    def __call__(
        self,
        queries: Any,
        k: int | None = None,
        *,
        exclude: IdLists = None,
        allow: IdLists = None,
        where: Where | Sequence[Where] | None = None,
        with_unknown: bool = False,
    ) -> Any:
        """The best candidates of each query, best first.

        Args:
            queries: What the query model takes, or vectors `[batch, dim]`.
            k: How many; the index's own k when None. No more than there are candidates come back.
            exclude: Ids that must not come back: one list for all queries, or one a query, such as
                `[batch, num_ids]`. Unknown ids are ignored.
            allow: The only ids that may come back, given alike. Unknown ids are ignored.
            where: Attributes, and the value each must have, or a list of values one of which will do: a dict
                for all queries, or a list with one a query.
            with_unknown: Whether to return, too, the ids of `exclude` and `allow` that no candidate has.

        Returns:
            Scores `[batch, k]`, float32, and ids `[batch, k]`, as NumPy arrays; where fewer than k candidates
            are allowed, scores of minus infinity and ids of -1 or empty text. With `with_unknown`, also one
            list of ids a query. In a graph that is being built, tensors of scores and ids.

        Raises:
            NotIndexedError: Before there are candidates.
            ArgumentError: When k is below 1, shapes do not fit or an attribute is unknown.
        """
        snapshot, k = self.snapshot(), self.k if k is None else check_k(k)
        vectors = self._query_vectors(snapshot, queries)
        if backend.is_traced(vectors):
            if allow is not None:
                raise ArgumentError("allow came in a graph that is being built; expected it outside of one.")
            return self._in_graph(snapshot, vectors, k, exclude, where)
        request = Request.of(snapshot, vectors.shape[0], exclude=exclude, allow=allow, where=where)
        scores, rows = answer(snapshot, vectors, k, request)
        found = scores, snapshot.ids.of_rows(rows)
        return (*found, request.unknown) if with_unknown else found

    def call(self, queries: Any) -> Any:
        """The index's answer, as Keras wants it named; see `__call__`.

        Args:
            queries: As in `__call__`.

        Returns:
            As `__call__`.
        """
        return self(queries)

    def score(self, queries: Any, ids: IdLists) -> np.ndarray:
        """The scores of some candidates, in the order in which they are named.

        Args:
            queries: As in `__call__`.
            ids: One list for all queries, or one a query, all of one length.

        Returns:
            `[batch, num_ids]`, float32; minus infinity for ids that no candidate has.

        Raises:
            NotIndexedError: Before there are candidates.
            ArgumentError: When the lists are not as many as the queries, or not of one length.
        """
        snapshot = self.snapshot()
        vectors = ops.convert_to_numpy(self._query_vectors(snapshot, queries))
        lists = id_lists(ids, len(vectors), "ids")
        if len({len(one) for one in lists}) > 1:
            raise ArgumentError(
                f"ids holds lists of {sorted({len(one) for one in lists})} ids; expected one length for all."
            )
        scores = np.empty((len(vectors), len(lists[0]) if lists else 0), "float32")
        for query, listed in enumerate(lists):
            rows = snapshot.ids.rows(listed)
            each = scores_of(vectors[query], snapshot.vectors_of(np.maximum(rows, 0)))
            scores[query] = np.where(rows < 0, -np.inf, each)
        return scores

    def similar(
        self, ids: ArrayLike, k: int | None = None, *, where: Where | Sequence[Where] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The candidates that are nearest to some candidates, without these themselves.

        Args:
            ids: `[n]`.
            k: How many for each; the index's own k when None.
            where: As in `__call__`.

        Returns:
            Scores and ids as of `__call__`, `[n, k]`.

        Raises:
            NotIndexedError: Before there are candidates.
            ArgumentError: For an id that no candidate has.
        """
        snapshot, listed = self.snapshot(), as_array(to_numpy(ids))
        rows = snapshot.ids.rows(listed)
        if (rows < 0).any():
            raise ArgumentError(
                f"no candidate has the ids {listed[rows < 0][:5].tolist()}; expected ids of the index."
            )
        request = Request.of(snapshot, len(rows), exclude=[[one] for one in listed.tolist()], where=where)
        queries = ops.convert_to_tensor(snapshot.vectors_of(rows)[:, None])
        scores, found = answer(snapshot, queries, self.k if k is None else check_k(k), request)
        return scores, snapshot.ids.of_rows(found)

    def upsert(self, ids: ArrayLike, vectors: ArrayLike, attributes: Mapping[str, Any] | None = None) -> Self:
        """Add candidates, and replace those whose ids are there.

        Queries that run meanwhile see the index as it was; those after it see all of the change. The new
        ones are kept beside what was built and searched exactly, at a cost that grows with them, until
        `compact`.

        Args:
            ids: `[n]`, distinct, of the index's kind.
            vectors: `[n, dim]`, finite.
            attributes: As in `index`; a replaced candidate keeps none of its own.

        Returns:
            The index.

        Raises:
            NotIndexedError: Before there are candidates.
            ArgumentError: When shapes do not fit, a number is not finite, an id stands twice, or there would
                be more candidates than the capacity.
        """
        matrix = self._of_unit_length(check_vectors(vectors))
        with _CHANGING:
            snapshot = self.snapshot()
            if matrix.shape[1] != snapshot.engine.dim:
                raise ArgumentError(
                    f"vectors have {matrix.shape[1]} dimensions and the index {snapshot.engine.dim}; "
                    "expected the same."
                )
            plain = exact_ids(np.array(snapshot.ids.plain(as_array(to_numpy(ids))), dtype=object))
            if len(set(plain)) < len(plain) or len(plain) != len(matrix):
                raise ArgumentError(
                    f"{len(plain)} ids, {len(set(plain))} of them distinct, came for {len(matrix)} vectors; "
                    "expected one each, none twice."
                )
            changed = _with(snapshot, plain, matrix, {} if attributes is None else attributes)
            self._check_capacity(changed.num_candidates)
            self._snapshot = changed
        return self

    def remove(self, ids: ArrayLike) -> int:
        """Take candidates out; they never come back, from the next query on.

        Args:
            ids: `[n]`; those that no candidate has are ignored.

        Returns:
            How many candidates were removed.

        Raises:
            NotIndexedError: Before there are candidates.
        """
        with _CHANGING:
            snapshot = self.snapshot()
            rows = snapshot.ids.rows(as_array(to_numpy(ids)))
            bits = snapshot.bits.copy()
            bits[rows[rows >= 0]] = 0
            changed = replace(snapshot, bits=bits)
            self._snapshot = changed
        return snapshot.num_candidates - changed.num_candidates

    def compact(self) -> Self:
        """Build the index anew of the candidates that are there, so that changes cost queries nothing.

        Returns:
            The index.

        Raises:
            NotIndexedError: Before there are candidates.
        """
        with _CHANGING:
            snapshot = self.snapshot()
            rows = np.flatnonzero(snapshot.is_there)
            is_compact = len(rows) == snapshot.engine.num_rows and not len(snapshot.fresh)
            if is_compact or not len(rows):  # an engine of no rows there is not
                return self
            engine = self._make_engine(snapshot.vectors_of(rows))
            self._snapshot = Snapshot(
                engine,
                Vocabulary(snapshot.ids.known()),
                snapshot.attributes,
                snapshot.bits[rows],
                snapshot.fresh[:0],
            )
        return self

    @property
    def num_candidates(self) -> int:
        """How many candidates there are."""
        return 0 if self._snapshot is None else self._snapshot.num_candidates

    @property
    def ids(self) -> np.ndarray:
        """`[num_candidates]`, the ids in the order of their rows."""
        return self.snapshot().ids.known()

    @property
    def vectors(self) -> np.ndarray:
        """`[num_candidates, dim]`, float32, in the order of `ids`; of length 1 where similarity is cosine."""
        snapshot = self.snapshot()
        return snapshot.vectors_of(np.flatnonzero(snapshot.is_there))

    @property
    def dim(self) -> int:
        """Width of the vectors."""
        return self.snapshot().engine.dim

    def is_exact(self) -> bool:
        """Whether the answers are those of scoring every candidate.

        Returns:
            False for an approximate index.
        """
        return self.snapshot().engine.is_exact

    def get_config(self) -> dict[str, Any]:
        """What makes the index again, without its candidates, which are saved beside it.

        Returns:
            The constructor's arguments.
        """
        return {**super().get_config(), "similarity": self.similarity, "capacity": self.capacity}

    def save_assets(self, directory: str) -> None:
        """Write the candidates, with checksums, into a saved model (called by Keras).

        Args:
            directory: Where to.
        """
        if self._snapshot is None:
            return
        folder, snapshot = Path(directory, _FOLDER), self._snapshot
        folder.mkdir(parents=True)
        snapshot.engine.save(folder)
        np.save(folder / _BITS, snapshot.bits)
        if snapshot.vocabulary is not None:
            snapshot.vocabulary.save(folder / _IDS)
        if len(snapshot.fresh):
            np.save(folder / _FRESH, snapshot.fresh)
            Vocabulary(np.array(snapshot.fresh_ids, dtype=object)).save(folder / _FRESH_IDS)
        write_manifest(folder, "index", {"attributes": snapshot.attributes.get_config()})

    def load_assets(self, directory: str | None) -> None:
        """Read what `save_assets` wrote (called by Keras).

        Args:
            directory: Where from; None where nothing was written.

        Raises:
            ArtifactError: A file is missing, cut short or changed; it is named.
        """
        if directory is None or not Path(directory, _FOLDER).is_dir():
            return
        folder = Path(directory, _FOLDER)
        description = verify(folder).description
        engine = self._load_engine(folder)
        fresh, fresh_ids = np.empty((0, engine.dim), "float32"), ()
        if (folder / _FRESH).exists():
            fresh = np.load(folder / _FRESH)
            fresh_ids = tuple(Vocabulary.load(folder / _FRESH_IDS).known_ids.tolist())
        vocabulary = Vocabulary.load(folder / _IDS) if (folder / _IDS).exists() else None
        attributes = Attributes.from_config(description["attributes"])
        self._take(Snapshot(engine, vocabulary, attributes, np.load(folder / _BITS), fresh, fresh_ids))

    def _take(self, snapshot: Snapshot) -> None:
        with _CHANGING:
            self._snapshot = snapshot
        self.built = True

    def snapshot(self) -> Snapshot:
        """The candidates as they are now.

        Returns:
            What never changes any more.

        Raises:
            NotIndexedError: Before there are candidates.
        """
        snapshot = self._snapshot
        self.check_indexed(snapshot is not None)
        assert snapshot is not None
        return snapshot

    def _query_vectors(self, snapshot: Snapshot, queries: Any) -> Tensor:
        """`[batch, heads, dim]`, float32."""
        vectors = self.encode_queries(queries)
        check_shapes(vectors, np.empty((0, snapshot.engine.dim)))
        vectors = ops.cast(vectors if len(vectors.shape) == 3 else ops.expand_dims(vectors, 1), "float32")
        return vectors if self.similarity == "dot" else ops.normalize(vectors, axis=-1)

    def _of_unit_length(self, vectors: np.ndarray) -> np.ndarray:
        if self.similarity == "dot":
            return vectors
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)

    def _check_capacity(self, num_candidates: int) -> None:
        if self.capacity is not None and num_candidates > self.capacity:
            raise ArgumentError(
                f"there would be {num_candidates} candidates, and the capacity is {self.capacity}: remove "
                "some, or make an index of a larger capacity."
            )

    def _in_graph(
        self, snapshot: Snapshot, queries: Tensor, k: int, exclude: IdLists, where: Any
    ) -> tuple[Tensor, Tensor]:
        if len(snapshot.fresh):
            raise ArgumentError(
                f"{len(snapshot.fresh)} candidates came after the index was built, which a graph does not "
                "see: call compact() before it is built."
            )
        rows = Filter(ops.zeros((ops.shape(queries)[0], 0), "int32"))
        if exclude is not None or where is not None or snapshot.has_gaps:
            rows = Request.of(snapshot, queries.shape[0], exclude=exclude, where=where).filter(snapshot)
        scores, found = snapshot.engine.search(queries, min(k, snapshot.engine.num_rows), rows)
        ids = np.append(self.ids, [snapshot.ids.padding]).astype(self.ids.dtype)
        return scores, ops.take(backend.id_tensor(ids), ops.where(found < 0, len(ids) - 1, found), axis=0)


def _with(snapshot: Snapshot, ids: list[ItemId], vectors: np.ndarray, columns: Mapping[str, Any]) -> Snapshot:
    """The snapshot with candidates added and replaced; an id that was fresh before keeps its row."""
    num_old = snapshot.engine.num_rows
    attributes = snapshot.attributes.extended(columns)
    known = {id_: num_old + place for place, id_ in enumerate(snapshot.fresh_ids)}
    new_ids = [id_ for id_ in ids if id_ not in known]
    known |= {id_: num_old + len(snapshot.fresh_ids) + place for place, id_ in enumerate(new_ids)}
    replaced = snapshot.ids.rows(np.array(ids, dtype=object)) if ids else np.empty(0, "int32")
    rows = np.array([known[id_] for id_ in ids], "int64")

    bits = np.pad(attributes.widened(snapshot.bits), [(0, len(new_ids)), (0, 0)])
    bits[replaced[replaced >= 0]] = 0
    bits[rows] = attributes.bits(columns, len(ids))
    fresh = np.concatenate([snapshot.fresh, np.empty((len(new_ids), vectors.shape[1]), "float32")])
    fresh[rows - num_old] = vectors
    fresh_ids = (*snapshot.fresh_ids, *new_ids)
    return Snapshot(snapshot.engine, snapshot.vocabulary, attributes, bits, fresh, fresh_ids)
