"""Index of candidates in memory, with any engine."""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, cast

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.features import _source as source
from shortlist.indexes._base import Index
from shortlist.indexes._candidates import check_vectors, plain_ids, read_candidates
from shortlist.ops import check_shapes, unit_vectors
from shortlist.search import CandidateStore, EngineSpec, ExactSpec, RowFilter, Where
from shortlist.search._requests import IdLists, Request, check_k
from shortlist.search._snapshot import Snapshot
from shortlist.search._tensors import search_symbolic
from shortlist.search._tuning import Tuning, some_candidates, tune
from shortlist.typing import ArrayLike, Tensor

__all__ = ["StoredIndex"]

SMALL = 10_000
"""Below this number of candidates, exact search is as fast as approximate search."""

_FOLDER = "candidates"
_SIMILARITIES = ("dot", "cosine")


@keras.saving.register_keras_serializable(package="shortlist")
class StoredIndex(Index):
    """Index whose candidates are in memory, searched by any engine.

    `BruteForce`, `Partitioned`, `Faiss` and the others are subclasses with a built-in engine; pass an
    `EngineSpec` of your own to use another. Candidates added after `index` are kept outside the built
    engine and searched exactly until `compact`. A query sees the candidates as of its start, even if the
    index changes while it runs.

    Args:
        spec: Builds and loads the engine that searches.
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
        similarity: `"dot"`, or `"cosine"` to normalize all vectors to length 1.
        capacity: Maximum number of candidates; None for no limit.

    Example:
        >>> import numpy as np, shortlist as sl
        >>> index = StoredIndex(sl.search.ExactSpec(), k=1).index(np.eye(2), ids=["Heat", "Alien"])
        >>> index(np.float32([[0.1, 0.5]]))[1].tolist()
        [['Alien']]
    """

    def __init__(
        self,
        spec: EngineSpec,
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
        if spec.search_budget is not None:
            check_k(spec.search_budget, str(spec.search_budget_name))
        self.spec = spec
        self.tuning: Tuning | None = None
        capacity = None if capacity is None else check_k(capacity, "capacity")
        self.store = CandidateStore(_effective_spec(spec), capacity)

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
                table. Categories are strings, integers or bools, one type per column; a list if a candidate
                has several, None if it has none. A column with floats holds one number per candidate, NaN or
                None if unknown, stored as float32.

        Returns:
            The index itself.

        Raises:
            ArgumentError: If shapes do not match, a number is not finite, an id is duplicated or a column
                mixes types.
        """
        vectors = self._normalized(check_vectors(candidates))
        self.store.replace(vectors, None if ids is None else plain_ids(ids), _columns(attributes))
        self.built = True
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
        """Return the k highest-scoring candidates for each query, best first.

        Args:
            queries: Inputs of the query model, or vectors `[batch, dim]`.
            k: Number of results per query, at most the number of candidates; the index's `k` if None.
            exclude: Ids to leave out: one list for all queries, or one list per query, such as an array
                `[batch, num_ids]`. Unknown ids are ignored.
            allow: Ids to choose from, in the same form as `exclude`. Unknown ids are ignored.
            where: Required attribute values: a dict for all queries, or a list with one dict per query. A
                list of values matches candidates that have any of them. A tuple `(lowest, highest)` matches
                numbers and integers in that range, both ends included, None for no limit; unknown numbers
                match nothing.
            with_unknown: Whether to also return the ids of `exclude` and `allow` that are not in the index.

        Returns:
            NumPy arrays of scores `[batch, k]`, float32, and ids `[batch, k]`. If fewer than k candidates
            match, the rest is padded with scores of -inf and ids of -1 or "". With `with_unknown`, also one
            list of ids per query. While a graph is traced, tensors of scores and ids.

        Raises:
            NotIndexedError: If the index has no candidates.
            ArgumentError: If `k` < 1, shapes do not match or an attribute is unknown.
        """
        snapshot, k = self.snapshot(), self.k if k is None else check_k(k)
        vectors = self._query_vectors(snapshot, queries)
        if backend.is_symbolic(vectors):
            if allow is not None:
                fix = "Call the index outside of the graph"
                raise ArgumentError(must("allow", "be None while a graph is traced", fix=fix))
            return self._call_symbolic(snapshot, vectors, k, plain_ids(exclude), where)
        exclude, allow = plain_ids(exclude), plain_ids(allow)
        scores, ids, unknown = self.store.search(vectors, k, exclude=exclude, allow=allow, where=where)
        return (scores, ids, unknown) if with_unknown else (scores, ids)

    def _call_symbolic(
        self, snapshot: Snapshot, queries: Tensor, k: int, exclude: IdLists, where: Any
    ) -> tuple[Tensor, Tensor]:
        if len(snapshot.delta):
            raise ArgumentError(
                must(
                    "the index",
                    "be compacted before a graph that calls it is traced",
                    got=f"{len(snapshot.delta)} candidates added since it was built",
                    fix="Call compact() first",
                )
            )
        rows = RowFilter(ops.zeros((ops.shape(queries)[0], 0), "int32"))
        if exclude is not None or where is not None or snapshot.has_deletions:
            request = Request.of(snapshot, queries.shape[0], exclude=exclude, where=where)
            rows = request.filter_of_engine(snapshot)
        engine = snapshot.engine
        scores, found = search_symbolic(engine, queries, min(k, engine.num_rows), rows)
        all_ids = snapshot.ids.of_rows(np.arange(engine.num_rows))  # including removed candidates
        ids = np.append(all_ids, [snapshot.ids.padding]).astype(all_ids.dtype)
        return scores, ops.take(backend.id_tensor(ids), ops.where(found < 0, len(ids) - 1, found), axis=0)

    def _query_vectors(self, snapshot: Snapshot, queries: Any) -> Any:
        """Return query vectors `[batch, heads, dim]`, float32; a symbolic tensor while a graph is traced."""
        vectors = self.encode_queries(queries)
        check_shapes(vectors, np.empty((0, snapshot.engine.dim)))
        vectors = vectors if len(vectors.shape) == 3 else vectors[:, None]
        if backend.is_symbolic(vectors):
            vectors = ops.cast(vectors, "float32")
        return self._normalized(vectors)

    def score(self, queries: Any, ids: IdLists) -> np.ndarray:
        """Return the scores of given candidates, in the order of `ids`.

        Args:
            queries: As in `__call__`.
            ids: One list for all queries, or one list per query, all of the same length.

        Returns:
            `[batch, num_ids]`, float32; -inf for unknown ids.

        Raises:
            NotIndexedError: If the index has no candidates.
            ArgumentError: If there is not one list per query, or lengths differ.
        """
        return self.store.score(self._query_vectors(self.snapshot(), queries), plain_ids(ids))

    def similar(
        self,
        ids: ArrayLike,
        k: int | None = None,
        *,
        exclude: IdLists = None,
        allow: IdLists = None,
        where: Where | Sequence[Where] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the k most similar candidates to each given candidate, excluding itself.

        Args:
            ids: `[n]`.
            k: Number of results per id; the index's `k` if None.
            exclude: As in `__call__`.
            allow: As in `__call__`.
            where: As in `__call__`.

        Returns:
            Scores and ids `[n, k]`, as from `__call__`.

        Raises:
            NotIndexedError: If the index has no candidates.
            ArgumentError: If an id is unknown, and as for `__call__`.
        """
        self.snapshot()
        k = self.k if k is None else check_k(k)
        exclude, allow = plain_ids(exclude), plain_ids(allow)
        found = self.store.similar(plain_ids(ids), k, exclude=exclude, allow=allow, where=where)
        return found.scores, found.ids

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
        self.snapshot()
        matrix = self._normalized(check_vectors(vectors))
        self.store.upsert(plain_ids(ids), matrix, _columns(attributes))
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
        self.snapshot()
        return self.store.remove(plain_ids(ids))

    def compact(self) -> Self:
        """Rebuild the engine from the current candidates, so that past changes no longer slow down queries.

        Returns:
            The index itself.

        Raises:
            NotIndexedError: If the index has no candidates.
        """
        self.snapshot()
        self.store.compact()
        return self

    def tune(self, queries: Any = None, recall: float = 0.95, k: int | None = None) -> Tuning:
        """Set the smallest search budget that reaches a recall, and measure its latency.

        Below 10,000 candidates, exact search is chosen. If the index uses exact search and has more
        candidates, the approximate engine is built first.

        Args:
            queries: A few hundred typical queries, distinct from those used for evaluation. If None, a sample
                of the candidates, which is representative only if one model computes both kinds of vectors.
            recall: Fraction of the exact top k to find, in (0, 1].
            k: Number of results per query; the index's `k` if None.

        Returns:
            Measured settings and the chosen one, to print or `plot`; also stored in `tuning`.

        Raises:
            NotIndexedError: If the index has no candidates.
            ArgumentError: If `recall` is out of range, there are no queries, the index is always exact, or it
                is rebuilt while it is tuned.

        Example:
            >>> import numpy as np, shortlist as sl
            >>> vectors = np.random.default_rng(0).normal(size=(200, 8)).astype("float32")
            >>> index = sl.indexes.Partitioned().index(vectors)
            >>> index.tune(vectors[:10]).chosen
            'exact search'
        """
        snapshot, name = self.snapshot(), self.spec.search_budget_name
        if name is None:
            fix = "Use Partitioned or an index of a library"
            raise ArgumentError(must(type(self).__name__, "be an approximate index to be tuned", fix=fix))
        vectors = (
            some_candidates(snapshot.engine) if queries is None else self._query_vectors(snapshot, queries)
        )
        engine, is_small = snapshot.engine, snapshot.num_candidates < SMALL
        if engine.is_exact and not is_small:
            every = engine.vectors_of(np.arange(engine.num_rows))
            engine = self.store.build(every, dataclasses.replace(cast(Any, self.spec), **{name: 1}))
        engine, tuning = tune(
            engine,
            vectors,
            recall=recall,
            k=self.k if k is None else check_k(k),
            is_small=is_small,
            build_seconds=self.store.build_seconds,
        )
        settings = {name: tuning.search_budget, **engine.settings()}
        spec = dataclasses.replace(cast(Any, self.spec), **settings)
        self.store.set_engine(engine, _effective_spec(spec), instead_of=snapshot.engine)
        self.spec, self.tuning = spec, tuning
        return tuning

    @property
    def search_budget(self) -> int | None:
        """Search budget of the engine, in its own unit; None for exact search."""
        return self.spec.search_budget

    @property
    def num_candidates(self) -> int:
        """Number of candidates."""
        return self.store.num_candidates

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
        return self.snapshot().engine.is_exact

    def snapshot(self) -> Snapshot:
        """Return the current candidates, which later changes do not affect.

        Returns:
            Immutable snapshot.

        Raises:
            NotIndexedError: If the index has no candidates.
        """
        self.check_indexed(self.store.is_filled)
        return self.store.snapshot()

    def __repr__(self) -> str:
        if not self.store.is_filled:
            return f"{type(self).__name__}(no candidates yet)"
        engine, name = self.snapshot().engine, self.spec.search_budget_name
        how = (
            engine.label()
            if engine.is_exact or name is None
            else f"{name}={engine.search_budget} of {engine.max_search_budget}"
        )
        return (
            f"{type(self).__name__}({self.num_candidates} candidates, dim={engine.dim}, "
            f"similarity={self.similarity!r}, {how})"
        )

    def get_config(self) -> dict[str, Any]:
        own = {"similarity": self.similarity, "capacity": self.store.capacity}
        return {**super().get_config(), **own, "spec": keras.saving.serialize_keras_object(self.spec)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Self:
        config = dict(config)
        spec = keras.saving.deserialize_keras_object(config.pop("spec"), custom_objects=custom_objects)
        # Indexes with a built-in engine take its settings as their own arguments.
        settings = {"spec": spec} if cls is StoredIndex else spec.get_config()
        return super().from_config({**config, **settings}, custom_objects)

    def _check_whole(self) -> None:
        self.check_indexed(self.store.is_filled)
        super()._check_whole()

    def save_assets(self, directory: str) -> None:
        super().save_assets(directory)
        if self.store.is_filled:
            self.store.save(Path(directory, _FOLDER))

    def load_assets(self, directory: str | None) -> None:
        super().load_assets(directory)
        if directory is not None and Path(directory, _FOLDER).is_dir():
            self.store.load(Path(directory, _FOLDER))
            self.built = True

    def _normalized(self, vectors: Any) -> Any:
        return vectors if self.similarity == "dot" else unit_vectors(vectors)


def _effective_spec(spec: EngineSpec) -> EngineSpec:
    is_exact = spec.search_budget_name is not None and spec.search_budget is None
    return ExactSpec() if is_exact else spec


def _columns(attributes: Any) -> Mapping[str, Any]:
    if attributes is None:
        return {}
    if not source.has_columns(attributes):
        requirement = "be a dict such as {'genre': ['drama', ...]}, a data frame or an Arrow table"
        raise ArgumentError(must("attributes", requirement, got=type(attributes).__name__))
    return {name: source.values(attributes, name) for name in source.names(attributes)}
