"""Query candidates in memory: top-k search with filters, scores of given ids, similar items."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.indexes._attributes import Where
from shortlist.indexes._base import check_k
from shortlist.indexes._changing import ChangingIndex
from shortlist.indexes._query import answer, scores_of
from shortlist.indexes._requests import IdLists, Request, id_lists, one_list
from shortlist.indexes._row_filter import Filter
from shortlist.indexes._snapshot import Snapshot
from shortlist.ops import check_shapes
from shortlist.typing import ArrayLike, Tensor

__all__ = ["StoredIndex"]


class StoredIndex(ChangingIndex):
    """Index whose candidates are in memory. Abstract.

    Candidates added after `index` are kept outside the built engine and searched exactly until `compact`. A
    query sees the candidates as of its start, even if the index changes while it runs.

    Args:
        query_model: Model that maps features to query vectors `[batch, dim]`; None if queries are vectors.
        k: Default number of results per query.
        similarity: `"dot"`, or `"cosine"` to normalize all vectors to length 1.
        capacity: Maximum number of candidates; None for no limit.
    """

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
                list of values matches candidates that have any of them.
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
            return self._call_symbolic(snapshot, vectors, k, exclude, where)
        request = Request.of(snapshot, vectors.shape[0], exclude=exclude, allow=allow, where=where)
        scores, rows = answer(snapshot, vectors, k, request)
        found = scores, snapshot.ids.of_rows(rows)
        return (*found, request.unknown) if with_unknown else found

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
        snapshot = self.snapshot()
        vectors = self._query_vectors(snapshot, queries)
        lists = id_lists(ids, len(vectors), "ids")
        if len({len(one) for one in lists}) > 1:
            lengths = sorted({len(one) for one in lists})
            raise ArgumentError(must("ids", "have the same length for all queries", got=f"lengths {lengths}"))
        scores = np.empty((len(vectors), len(lists[0]) if lists else 0), "float32")
        for query, listed in enumerate(lists):
            rows = snapshot.ids.rows(listed)
            each = scores_of(vectors[query], snapshot.vectors_of(np.maximum(rows, 0)))
            scores[query] = np.where(rows < 0, -np.inf, each)
        return scores

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
        snapshot, listed = self.snapshot(), one_list(ids, "ids")
        rows = snapshot.ids.rows(listed)
        if (rows < 0).any():
            unknown = f"unknown ids {listed[rows < 0][:5].tolist()}"
            raise ArgumentError(must("ids", "hold ids of the index", got=unknown))
        others = id_lists([] if exclude is None else exclude, len(rows), "exclude")
        each = [[one, *more.tolist()] for one, more in zip(listed.tolist(), others, strict=True)]
        request = Request.of(snapshot, len(rows), exclude=each, allow=allow, where=where)
        scores, found = answer(
            snapshot, snapshot.vectors_of(rows)[:, None], self.k if k is None else check_k(k), request
        )
        return scores, snapshot.ids.of_rows(found)

    def _query_vectors(self, snapshot: Snapshot, queries: Any) -> Any:
        """Return query vectors `[batch, heads, dim]`, float32; a symbolic tensor while a graph is traced."""
        vectors = self.encode_queries(queries)
        check_shapes(vectors, np.empty((0, snapshot.engine.dim)))
        vectors = vectors if len(vectors.shape) == 3 else vectors[:, None]
        if backend.is_symbolic(vectors):
            vectors = ops.cast(vectors, "float32")
        return self._of_unit_length(vectors)

    def _call_symbolic(
        self, snapshot: Snapshot, queries: Tensor, k: int, exclude: IdLists, where: Any
    ) -> tuple[Tensor, Tensor]:
        if len(snapshot.delta):
            raise ArgumentError(
                must(
                    "the index",
                    "hold no candidates added after it was built when a graph is traced",
                    got=len(snapshot.delta),
                    fix="Call compact() first",
                )
            )
        rows = Filter(ops.zeros((ops.shape(queries)[0], 0), "int32"))
        if exclude is not None or where is not None or snapshot.has_deletions:
            request = Request.of(snapshot, queries.shape[0], exclude=exclude, where=where)
            rows = request.filter(snapshot, symbolic=True)
        scores, found = snapshot.engine.search(queries, min(k, snapshot.engine.num_rows), rows)
        all_ids = snapshot.ids.of_rows(np.arange(snapshot.engine.num_rows))  # including removed candidates
        ids = np.append(all_ids, [snapshot.ids.padding]).astype(all_ids.dtype)
        return scores, ops.take(backend.id_tensor(ids), ops.where(found < 0, len(ids) - 1, found), axis=0)
