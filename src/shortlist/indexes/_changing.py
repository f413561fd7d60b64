"""Candidates in memory that come, change and go, while whoever asks for them sees one state."""

import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from shortlist.errors import ArgumentError
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
    """The half of `StoredIndex` that keeps its candidates. Abstract.

    Changes never touch what a running query reads: each makes a new snapshot, which the next query takes. So
    whoever changes an index holds its lock, and whoever asks it holds none.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
        similarity: `"dot"`, or `"cosine"` for the product of vectors of length 1.
        capacity: Most candidates that `upsert` takes in; None for no limit.
    """

    search_budget_name = "search_budget"
    """What the search budget of its engine is called, for errors and `repr`."""

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
        self._changing = threading.RLock()

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
                bools, each attribute of one kind; a list for a candidate with several values, None for one
                without. A dict, a frame of pandas or polars, or an Arrow table.

        Returns:
            The index.

        Raises:
            ArgumentError: When shapes do not fit, a number is not finite, an id stands twice, or an attribute
                has values of several kinds.
        """
        vectors = check_vectors(candidates)
        vocabulary = None if ids is None else Vocabulary(ids)
        if vocabulary is not None and len(vocabulary) != len(vectors):
            raise ArgumentError(
                f"{len(vocabulary)} ids came for {len(vectors)} candidates; expected one each."
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
        """Take the candidates of a dataset, in place of any before.

        Args:
            candidates: Batches of vectors `[n, dim]`; or of ids `[n]` and vectors; or of ids, vectors and a
                dict of attributes; such as a `tf.data.Dataset`.
            encoder: What turns features, in the place of vectors, into vectors.
            attributes: As in `index`, in the order of the dataset.

        Returns:
            The index.

        Raises:
            ArgumentError: As `index`, and when the dataset is empty.
        """
        vectors, ids, of_dataset = read_candidates(candidates, encoder)
        if attributes is not None and of_dataset is not None:
            raise ArgumentError(
                f"attributes came twice: {sorted(of_dataset)} in the dataset and {sorted(attributes)} as an "
                "argument; expected one of both."
            )
        return self.index(vectors, ids, of_dataset if attributes is None else attributes)

    def upsert(self, ids: ArrayLike, vectors: ArrayLike, attributes: Mapping[str, Any] | None = None) -> Self:
        """Add candidates, and replace those whose ids are there.

        Queries that run meanwhile see the index as it was; those after it see all of the change. The new
        ones are kept next to what was built and searched exactly, at a cost that grows with them, until
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
        with self._changing:
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
            changed = snapshot.upserted(plain, matrix, _columns(attributes))
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
            ArgumentError: When the ids are no list.
        """
        with self._changing:
            snapshot = self.snapshot()
            rows = snapshot.ids.rows(one_list(ids, "ids"))
            changed = snapshot.without(rows[rows >= 0])
            self._snapshot = changed
        return snapshot.num_candidates - changed.num_candidates

    def compact(self) -> Self:
        """Build the index again of the candidates that are there, so that changes cost queries nothing.

        Returns:
            The index.

        Raises:
            NotIndexedError: Before there are candidates.
        """
        with self._changing:
            snapshot = self.snapshot()
            rows = np.flatnonzero(snapshot.is_live)
            is_compact = len(rows) == snapshot.engine.num_rows and not len(snapshot.delta)
            if is_compact or not len(rows):  # an engine of no rows there is not
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
        return snapshot.vectors_of(np.flatnonzero(snapshot.is_live))

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
        """What makes the index again, without its candidates, which are saved next to it.

        Returns:
            The constructor's arguments.
        """
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

    def _of_unit_length(self, vectors: Any) -> Any:
        return vectors if self.similarity == "dot" else unit_vectors(vectors)

    def _check_capacity(self, num_candidates: int) -> None:
        if self.capacity is not None and num_candidates > self.capacity:
            raise ArgumentError(
                f"there would be {num_candidates} candidates, and the capacity is {self.capacity}: remove "
                "some, or make an index of a larger capacity."
            )


def _columns(attributes: Any) -> Mapping[str, Any]:
    if attributes is None:
        return {}
    if not source.has_columns(attributes):
        raise ArgumentError(
            f"attributes came as {type(attributes).__name__}; expected a dict such as "
            "{'genre': ['drama', ...]}, a data frame or an Arrow table."
        )
    return {name: source.values(attributes, name) for name in source.names(attributes)}
