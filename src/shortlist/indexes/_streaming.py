"""Exact search over a dataset of candidates that does not fit in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.ids import Vocabulary
from shortlist.indexes._base import Index
from shortlist.indexes._candidates import check_vectors, iterate_candidates, plain_ids
from shortlist.ops import pairwise_scores
from shortlist.search import Attributes, RowFilter, Where
from shortlist.search._requests import IdLists, check_k, id_lists
from shortlist.typing import ArrayLike, Tensor

__all__ = ["Streaming"]

_ADVICE = "Call index_from_dataset(batches) first, also after loading, as the file holds only the query model"


@keras.saving.register_keras_serializable(package="shortlist")
class Streaming(Index):
    """Index that keeps a running top k while it reads candidates batch by batch.

    Every call reads the whole dataset; only one batch is in memory at a time. A saved `Streaming` index holds
    only the query model: pass the dataset again after loading.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.

    Example:
        >>> import numpy as np
        >>> batches = [(["Heat", "Alien"], np.float32([[1, 0], [0, 1]])), (["Up"], np.float32([[1, 1]]))]
        >>> index = Streaming(k=2).index_from_dataset(batches)
        >>> index(np.float32([[1, 2]]))[1].tolist()
        [['Up', 'Alien']]
    """

    def __init__(self, query_model: Callable[[Any], Any] | None = None, k: int = 10, **kwargs: Any) -> None:
        super().__init__(query_model, k, **kwargs)
        self._source: tuple[Iterable[Any], Callable[[Any], Any] | None] | None = None

    def index(self, candidates: ArrayLike, ids: ArrayLike | None = None) -> Self:
        """Raise ArgumentError, as candidates in memory need no streaming.

        Args:
            candidates: `[num_candidates, dim]`.
            ids: `[num_candidates]`.

        Raises:
            ArgumentError: Always.
        """
        fix = "Call index_from_dataset(batches), or use BruteForce for candidates in memory"
        raise ArgumentError(must("candidates", "be a dataset for a Streaming index", got="arrays", fix=fix))

    def index_from_dataset(
        self, candidates: Iterable[Any], encoder: Callable[[Any], Any] | None = None
    ) -> Self:
        """Set the dataset of candidates, replacing any previous one, without reading it.

        Args:
            candidates: Batches of vectors `[n, dim]`, of `(ids, vectors)` or of `(ids, vectors, attributes)`
                with a dict of attributes `[n]`. Every call reads it from the start, so not a generator.
            encoder: Model that maps features to vectors, if batches hold features instead of vectors.

        Returns:
            The index itself.

        Raises:
            ArgumentError: If `candidates` is an iterator, which can be read only once.
        """
        if iter(candidates) is candidates:
            raise ArgumentError(
                must(
                    "candidates",
                    "be a dataset that every call can read from the start",
                    got=f"{type(candidates).__name__}, which can be read only once",
                    fix="Pass a tf.data.Dataset or a list",
                )
            )
        self._source = (candidates, encoder)
        self.built = True
        return self

    def batches(self) -> Iterable[tuple[np.ndarray, np.ndarray]]:
        """Iterate over ids and vectors of all candidates, batch by batch.

        Yields:
            Ids `[n]`, row numbers if the dataset has no ids, and vectors `[n, dim]`, float32, finite.

        Raises:
            NotIndexedError: If the index has no dataset.
        """
        return ((ids, vectors) for vectors, ids, _ in self._candidates())

    def _candidates(self) -> Iterator[tuple[np.ndarray, np.ndarray, Mapping[str, Any]]]:
        self.check_indexed(self._source is not None, _ADVICE)
        assert self._source is not None
        start = 0
        for vectors, ids, columns in iterate_candidates(*self._source):
            known = np.arange(start, start + len(vectors)) if ids is None else ids
            yield check_vectors(vectors), known, columns or {}
            start += len(vectors)

    def __call__(
        self,
        queries: Any,
        k: int | None = None,
        *,
        exclude: IdLists = None,
        allow: IdLists = None,
        where: Where | Sequence[Where] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the k highest-scoring candidates for each query, best first.

        Args:
            queries: Inputs of the query model, or vectors `[batch, dim]`.
            k: Number of results per query, at most the number of candidates; the index's `k` if None.
            exclude: Ids to leave out: one list for all queries, or one list per query, such as an array
                `[batch, num_ids]`.
            allow: Ids to choose from, in the same form as `exclude`.
            where: Required attribute values, as in `StoredIndex.__call__`.

        Returns:
            NumPy arrays of scores `[batch, k]`, float32, and ids `[batch, k]`. If fewer than k candidates
            match, the rest is padded with scores of -inf and ids of -1 or "".

        Raises:
            NotIndexedError: If the index has no dataset.
            ArgumentError: If `k` < 1, shapes do not match, or a required attribute is missing from a batch or
                has values of another type there.
        """
        self.check_indexed(self._source is not None, _ADVICE)
        vectors = ops.convert_to_tensor(self.encode_queries(queries))
        allowed = _Allowed(
            id_lists([] if exclude is None else plain_ids(exclude), len(vectors), "exclude"),
            None if allow is None else id_lists(plain_ids(allow), len(vectors), "allow"),
            where,
        )
        return self._search(vectors, self.k if k is None else check_k(k), allowed)

    def _search(self, queries: Tensor, k: int, allowed: "_Allowed") -> tuple[np.ndarray, np.ndarray]:
        best_scores, best_ids = None, None
        for vectors, ids, columns in self._candidates():
            scores = ops.convert_to_numpy(pairwise_scores(queries, ops.convert_to_tensor(vectors)))
            scores = allowed.scores(scores, ids, columns)
            every_id = np.broadcast_to(ids, scores.shape)
            if (
                best_scores is not None and best_ids is not None
            ):  # earlier candidates first, so that they win ties
                scores = np.concatenate([best_scores, scores], axis=1)
                every_id = np.concatenate([best_ids, every_id], axis=1)
            best_scores, best_ids = _best(scores, every_id, k)
            padding = -1 if ids.dtype != object else type(ids[0])()
        if best_scores is None or best_ids is None:
            raise ArgumentError(must("the dataset of candidates", "hold at least one batch", got="none"))
        return best_scores, np.where(np.isneginf(best_scores), padding, best_ids)

    def __repr__(self) -> str:
        if self._source is None:
            return f"{type(self).__name__}(no candidates yet)"
        return f"{type(self).__name__}(candidates read again for each call)"

    def is_exact(self) -> bool:
        return True


def _best(scores: np.ndarray, ids: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    values, columns = backend.top_k(ops.convert_to_tensor(scores), min(k, scores.shape[1]))
    columns = ops.convert_to_numpy(columns)
    return ops.convert_to_numpy(values), np.take_along_axis(ids, columns, axis=1)


class _Allowed(NamedTuple):
    """Filters of a batch of queries, with one list of ids per query."""

    exclude: list[np.ndarray]
    allow: list[np.ndarray] | None
    where: Where | Sequence[Where] | None

    def scores(self, scores: np.ndarray, ids: np.ndarray, columns: Mapping[str, Any]) -> np.ndarray:
        """Set the scores of candidates that are filtered out to -inf."""
        is_allowed, queries = np.ones(scores.shape, "bool"), np.arange(len(scores))
        if self.where is not None:
            wheres = [self.where] if isinstance(self.where, Mapping) else self.where
            names = {name for where in wheres if isinstance(where, Mapping) for name in where}
            # Blank the other attributes: whether they mix types must not depend on the batch.
            seen = {name: of if name in names else [None] * len(ids) for name, of in columns.items()}
            attributes, table = Attributes().encode(seen, len(ids))
            required = attributes.require_of_each(self.where, len(scores))
            rows = RowFilter(np.empty((len(scores), 0), "int32"), table, *required)
            is_allowed &= rows.accepts(np.broadcast_to(np.arange(len(ids)), scores.shape), queries)
        if self.allow is not None or any(map(len, self.exclude)):
            known = Vocabulary.from_values(ids)
            of_batch = known.rows(ids)
            for passes, excluded in zip(is_allowed, self.exclude, strict=True):
                passes &= ~np.isin(of_batch, known.rows(excluded))
            for passes, allowed in zip(is_allowed, self.allow or (), strict=self.allow is not None):
                passes &= np.isin(of_batch, known.rows(allowed))
        return np.where(is_allowed, scores, -np.inf)
