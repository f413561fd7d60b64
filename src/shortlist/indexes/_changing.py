"""Add, replace and remove candidates in memory while queries read a consistent snapshot."""

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from shortlist.errors import ArgumentError, must
from shortlist.features import Vocabulary
from shortlist.features import _source as source
from shortlist.ids import as_array, exact_ids
from shortlist.indexes import _snapshot_files as snapshot_files
from shortlist.indexes._base import Index, check_k
from shortlist.indexes._candidates import check_vectors, read_candidates, to_numpy
from shortlist.indexes._engine import Engine
from shortlist.indexes._requests import one_list
from shortlist.indexes._snapshot import Snapshot
from shortlist.ops import unit_vectors
from shortlist.typing import ArrayLike

__all__ = ["ChangingIndex"]

_SIMILARITIES = ("dot", "cosine")


class ChangingIndex(Index):
    """Store and update the candidates of a `StoredIndex`. Abstract.

    Every change creates a new immutable snapshot, so queries need no lock; only changes take one.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
        similarity: `"dot"`, or `"cosine"` to normalize all vectors to length 1.
        capacity: Maximum number of candidates; None for no limit.
    """

    search_budget_name = "search_budget"
    """Name of the search budget in messages and `repr`, such as `"nprobe"`."""

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
            raise ArgumentError(must("similarity", f"be one of {_SIMILARITIES}", got=repr(similarity)))
        self.similarity = similarity
        self.capacity = None if capacity is None else check_k(capacity, "capacity")
        self._snapshot: Snapshot | None = None
        self._changing = threading.RLock()

    @abstractmethod
    def _make_engine(self, vectors: np.ndarray) -> Engine:
        """Build an engine from vectors `[num_rows, dim]`, float32, finite."""

    @abstractmethod
    def _load_engine(self, folder: Path) -> Engine:
        """Load the files that `Engine.save` wrote."""

    def index(
        self,
        candidates: ArrayLike,
        ids: ArrayLike | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Self:
        """Index these candidates, replacing any previous ones.

        Args:
            candidates: `[num_candidates, dim]`, finite.
            ids: `[num_candidates]`, unique strings, bytes or integers; row numbers if None.
            attributes: Columns to filter on with `where`: a dict, a pandas or polars data frame, or an Arrow
                table. Values are strings, integers or bools, one type per column; a list if a candidate has
                several values, None if it has none.

        Returns:
            The index itself.

        Raises:
            ArgumentError: If shapes do not match, a number is not finite, an id is duplicated or a column
                mixes types.
        """
        vectors = check_vectors(candidates)
        vocabulary = None if ids is None else Vocabulary(ids)
        if vocabulary is not None and len(vocabulary) != len(vectors):
            raise ArgumentError(
                must("ids", f"hold one id for each of the {len(vectors)} candidates", got=len(vocabulary))
            )
        self._check_capacity(len(vectors))
        engine = self._make_engine(self._of_unit_length(vectors))
        self._take(Snapshot.of_engine(engine, vocabulary, _columns(attributes)))
        return self

    def index_from_dataset(
        self,
        candidates: Iterable[Any],
        encoder: Callable[[Any], Any] | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Self:
        """Index the candidates of a dataset, replacing any previous ones.

        Args:
            candidates: Batches of vectors `[n, dim]`, of `(ids, vectors)` or of `(ids, vectors, attributes)`
                with a dict of attributes, such as a `tf.data.Dataset`.
            encoder: Model that maps features to vectors, if batches hold features instead of vectors.
            attributes: As in `index`, in the order of the dataset.

        Returns:
            The index itself.

        Raises:
            ArgumentError: As for `index`, and if the dataset is empty.
        """
        vectors, ids, of_dataset = read_candidates(candidates, encoder)
        if attributes is not None and of_dataset is not None:
            raise ArgumentError(
                must(
                    "attributes",
                    "be given either in the dataset or as an argument",
                    got=f"{sorted(of_dataset)} in the dataset and {sorted(attributes)} as an argument",
                )
            )
        return self.index(vectors, ids, of_dataset if attributes is None else attributes)

    def upsert(self, ids: ArrayLike, vectors: ArrayLike, attributes: Mapping[str, Any] | None = None) -> Self:
        """Add candidates, replacing those with the same ids.

        Running queries see none of the change, later queries all of it. New vectors are kept outside the
        built engine and searched exactly, at a cost proportional to their number, until `compact`.

        Args:
            ids: `[n]`, unique, of the same type as the ids of the index.
            vectors: `[n, dim]`, finite.
            attributes: As in `index`. A replaced candidate loses its previous attributes.

        Returns:
            The index itself.

        Raises:
            NotIndexedError: If the index has no candidates.
            ArgumentError: If shapes do not match, a number is not finite, an id is duplicated or the capacity
                would be exceeded.
        """
        matrix = self._of_unit_length(check_vectors(vectors))
        with self._changing:
            snapshot = self.snapshot()
            if matrix.shape[1] != snapshot.engine.dim:
                requirement = f"have the {snapshot.engine.dim} dimensions of the index"
                raise ArgumentError(must("vectors", requirement, got=matrix.shape[1]))
            plain = exact_ids(np.array(snapshot.ids.plain(as_array(to_numpy(ids))), dtype=object))
            if len(set(plain)) < len(plain) or len(plain) != len(matrix):
                raise ArgumentError(
                    must(
                        "ids",
                        f"hold one unique id for each of the {len(matrix)} vectors",
                        got=f"{len(plain)} ids, {len(set(plain))} of them distinct",
                    )
                )
            changed = snapshot.upserted(plain, matrix, _columns(attributes))
            self._check_capacity(changed.num_candidates)
            self._snapshot = changed
        return self

    def remove(self, ids: ArrayLike) -> int:
        """Remove candidates, effective from the next query on.

        Args:
            ids: `[n]`; unknown ids are ignored.

        Returns:
            Number of candidates removed.

        Raises:
            NotIndexedError: If the index has no candidates.
            ArgumentError: If `ids` is not a list.
        """
        with self._changing:
            snapshot = self.snapshot()
            rows = snapshot.ids.rows(one_list(ids, "ids"))
            changed = snapshot.without(rows[rows >= 0])
            self._snapshot = changed
        return snapshot.num_candidates - changed.num_candidates

    def compact(self) -> Self:
        """Rebuild the engine from the current candidates, so that past changes no longer slow down queries.

        Returns:
            The index itself.

        Raises:
            NotIndexedError: If the index has no candidates.
        """
        with self._changing:
            snapshot = self.snapshot()
            rows = np.flatnonzero(snapshot.is_live)
            is_compact = len(rows) == snapshot.engine.num_rows and not len(snapshot.delta)
            if is_compact or not len(rows):  # an engine needs at least one row
                return self
            engine = self._make_engine(snapshot.vectors_of(rows))
            self._snapshot = Snapshot(
                engine,
                Vocabulary(snapshot.ids.known()),
                snapshot.attributes,
                snapshot.bits[rows],
                snapshot.delta[:0],
            )
        return self

    @property
    def num_candidates(self) -> int:
        """Number of candidates."""
        return 0 if self._snapshot is None else self._snapshot.num_candidates

    @property
    def ids(self) -> np.ndarray:
        """Ids `[num_candidates]`, in row order."""
        return self.snapshot().ids.known()

    @property
    def vectors(self) -> np.ndarray:
        """Vectors `[num_candidates, dim]`, float32, in the order of `ids`; normalized if cosine."""
        snapshot = self.snapshot()
        return snapshot.vectors_of(np.flatnonzero(snapshot.is_live))

    @property
    def dim(self) -> int:
        """Dimension of the vectors."""
        return self.snapshot().engine.dim

    def is_exact(self) -> bool:
        """Return whether results equal those of scoring every candidate; False for approximate search."""
        return self.snapshot().engine.is_exact

    def __repr__(self) -> str:
        if self._snapshot is None:
            return f"{type(self).__name__}(no candidates yet)"
        engine = self._snapshot.engine
        how = (
            engine.label()
            if engine.is_exact
            else f"{self.search_budget_name}={engine.search_budget} of {engine.max_search_budget}"
        )
        return (
            f"{type(self).__name__}({self._snapshot.num_candidates} candidates, dim={engine.dim}, "
            f"similarity={self.similarity!r}, {how})"
        )

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "similarity": self.similarity, "capacity": self.capacity}

    def _check_whole(self) -> None:
        self.check_indexed(self._snapshot is not None)
        super()._check_whole()

    def save_assets(self, directory: str) -> None:
        super().save_assets(directory)
        if self._snapshot is not None:
            snapshot_files.save(self._snapshot, Path(directory))

    def load_assets(self, directory: str | None) -> None:
        super().load_assets(directory)
        if directory is not None and snapshot_files.are_there(Path(directory)):
            self._take(snapshot_files.load(Path(directory), self._load_engine))

    def _take(self, snapshot: Snapshot) -> None:
        with self._changing:
            self._snapshot = snapshot
        self.built = True

    def snapshot(self) -> Snapshot:
        """Return the current candidates, which later changes do not affect.

        Returns:
            Immutable snapshot.

        Raises:
            NotIndexedError: If the index has no candidates.
        """
        snapshot = self._snapshot
        self.check_indexed(snapshot is not None)
        assert snapshot is not None
        return snapshot

    def _of_unit_length(self, vectors: Any) -> Any:
        return vectors if self.similarity == "dot" else unit_vectors(vectors)

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


def _columns(attributes: Any) -> Mapping[str, Any]:
    if attributes is None:
        return {}
    if not source.has_columns(attributes):
        requirement = "be a dict such as {'genre': ['drama', ...]}, a data frame or an Arrow table"
        raise ArgumentError(must("attributes", requirement, got=type(attributes).__name__))
    return {name: source.values(attributes, name) for name in source.names(attributes)}
