"""What all indexes share whose candidates are in memory: how they are asked."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError
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
    """An index whose candidates are in memory. Abstract.

    Candidates that come after `index` are kept next to what was built, and searched exactly, until `compact`
    builds it again. A query sees the candidates as they were when it began.

    Args:
        query_model: What turns features into query vectors `[batch, dim]`; None when queries are vectors.
        k: How many candidates to return when a call does not say.
        similarity: `"dot"`, or `"cosine"` for the product of vectors of length 1.
        capacity: Most candidates that `upsert` takes in; None for no limit.
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
        if backend.is_symbolic(vectors):
            if allow is not None:
                raise ArgumentError("allow came in a graph that is being built; expected it outside of one.")
            return self._in_graph(snapshot, vectors, k, exclude, where)
        request = Request.of(snapshot, vectors.shape[0], exclude=exclude, allow=allow, where=where)
        scores, rows = answer(snapshot, vectors, k, request)
        found = scores, snapshot.ids.of_rows(rows)
        return (*found, request.unknown) if with_unknown else found

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
        vectors = self._query_vectors(snapshot, queries)
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
        self,
        ids: ArrayLike,
        k: int | None = None,
        *,
        exclude: IdLists = None,
        allow: IdLists = None,
        where: Where | Sequence[Where] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The candidates that are nearest to some candidates, without these themselves.

        Args:
            ids: `[n]`.
            k: How many for each; the index's own k when None.
            exclude: As in `__call__`.
            allow: As in `__call__`.
            where: As in `__call__`.

        Returns:
            Scores and ids as of `__call__`, `[n, k]`.

        Raises:
            NotIndexedError: Before there are candidates.
            ArgumentError: For an id that no candidate has, and as `__call__`.
        """
        snapshot, listed = self.snapshot(), one_list(ids, "ids")
        rows = snapshot.ids.rows(listed)
        if (rows < 0).any():
            raise ArgumentError(
                f"no candidate has the ids {listed[rows < 0][:5].tolist()}; expected ids of the index."
            )
        others = id_lists([] if exclude is None else exclude, len(rows), "exclude")
        each = [[one, *more.tolist()] for one, more in zip(listed.tolist(), others, strict=True)]
        request = Request.of(snapshot, len(rows), exclude=each, allow=allow, where=where)
        scores, found = answer(
            snapshot, snapshot.vectors_of(rows)[:, None], self.k if k is None else check_k(k), request
        )
        return scores, snapshot.ids.of_rows(found)

    def _query_vectors(self, snapshot: Snapshot, queries: Any) -> Any:
        """`[batch, heads, dim]`, float32: on the host, or a tensor of the graph that is being built."""
        vectors = self.encode_queries(queries)
        check_shapes(vectors, np.empty((0, snapshot.engine.dim)))
        vectors = vectors if len(vectors.shape) == 3 else vectors[:, None]
        if backend.is_symbolic(vectors):
            vectors = ops.cast(vectors, "float32")
        return self._of_unit_length(vectors)

    def _in_graph(
        self, snapshot: Snapshot, queries: Tensor, k: int, exclude: IdLists, where: Any
    ) -> tuple[Tensor, Tensor]:
        if len(snapshot.delta):
            raise ArgumentError(
                f"{len(snapshot.delta)} candidates came after the index was built, which a graph does not "
                "see: call compact() before it is built."
            )
        rows = Filter(ops.zeros((ops.shape(queries)[0], 0), "int32"))
        if exclude is not None or where is not None or snapshot.has_deletions:
            request = Request.of(snapshot, queries.shape[0], exclude=exclude, where=where)
            rows = request.filter(snapshot, in_graph=True)
        scores, found = snapshot.engine.search(queries, min(k, snapshot.engine.num_rows), rows)
        all_ids = snapshot.ids.of_rows(np.arange(snapshot.engine.num_rows))  # of removed candidates too
        ids = np.append(all_ids, [snapshot.ids.padding]).astype(all_ids.dtype)
        return scores, ops.take(backend.id_tensor(ids), ops.where(found < 0, len(ids) - 1, found), axis=0)
