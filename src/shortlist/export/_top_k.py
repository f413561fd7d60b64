"""Graph of an exported index: encode queries, filter, search, look up ids."""

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.export._attributes import AttributesGraphEncoder
from shortlist.export._candidate_ids import CandidateIds
from shortlist.export.graph._engines import Found, engine_to_graph, meets_each, noinline
from shortlist.export.queries._base import QueryGraphEncoder
from shortlist.indexes import StoredIndex
from shortlist.ops import unit_vectors
from shortlist.search import RowFilter
from shortlist.typing import Tensor

__all__ = ["TopKGraph"]

_FEW = 16


@final
class TopKGraph(tf.Module):
    """Map raw features to scores and ids, like an index with candidates in memory.

    Args:
        index: Index whose candidates have not changed since it was built or compacted.
        queries: Encodes raw features into query vectors.
        max_k: Largest `k` of a request; reduced to the number of candidates.

    Raises:
        ArgumentError: If candidates were added or removed since the index was built.
    """

    def __init__(self, index: StoredIndex, queries: QueryGraphEncoder, max_k: int) -> None:
        super().__init__()
        snapshot = index.snapshot()
        self._engine = engine_to_graph(snapshot.engine)
        if snapshot.has_deletions or len(snapshot.delta):
            raise ArgumentError(
                must("index", "hold exactly the candidates it was built with", fix="Call compact() first")
            )
        self._queries, self._similarity = queries, index.similarity
        self._resources = queries.resources()  # held here, so that their variables and tables are saved
        self.num_candidates, self.max_k = snapshot.num_candidates, min(max_k, snapshot.num_candidates)
        self.ids = CandidateIds(index.ids)
        self._attributes = AttributesGraphEncoder(snapshot.attributes, snapshot.table)

    def __call__(
        self,
        features: Mapping[str, Tensor],
        k: int | Tensor,
        exclude: Tensor | None = None,
        allow: Tensor | None = None,
        where: Mapping[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """Return the top k candidates of each query.

        Args:
            features: Raw features by input name. Other entries are ignored.
            k: Number of candidates, from 1 to `max_k`.
            exclude: Ids to leave out, `[batch, num_ids]`.
            allow: Ids to choose from, `[batch, num_ids]`; all if the width is 0.
            where: Required values by `where_<name>`, as `AttributesGraphEncoder.require` takes them.

        Returns:
            `scores`, float32, and `ids`, both `[batch, k]`.

        Raises:
            InvalidArgumentError: If a filter does not have one row per query; raised when the graph runs.
        """
        queries = self._query_vectors(features)
        exclude = None if exclude is None else _of_each(queries, exclude, "exclude")
        allow = None if allow is None else _of_each(queries, allow, "allow")
        where = {name: _of_each(queries, values, name) for name, values in (where or {}).items()}
        rows = self._filter(queries, exclude, where)
        if isinstance(k, int):
            scores, found = self._found(queries, min(k, self.max_k), rows, allow)
        else:
            k = tf.minimum(k, self.max_k)
            scores, found = self._found_of_any(queries, k, rows, allow)
        return {"scores": scores, "ids": self.ids.of_rows(found)}

    def _found_of_any(
        self, queries: Tensor, k: Tensor, rows: RowFilter | None, allow: Tensor | None
    ) -> Found:
        """Search with one of two static k, a small one and the largest."""
        few = min(_FEW, self.max_k)
        scores, found = tf.cond(
            k <= few,
            lambda: self._found(queries, few, rows, allow, k),
            lambda: self._found(queries, self.max_k, rows, allow, k),
        )
        return scores[:, :k], found[:, :k]

    def _query_vectors(self, features: Mapping[str, Tensor]) -> Tensor:
        with keras.StatelessScope():  # added losses must not stay behind in the layers as tensors of a graph
            vectors = tf.cast(self._queries(features), tf.float32)
        vectors = vectors if len(vectors.shape) == 3 else vectors[:, None]
        return vectors if self._similarity == "dot" else unit_vectors(vectors)

    def _filter(
        self, queries: Tensor, exclude: Tensor | None, where: Mapping[str, Tensor] | None
    ) -> RowFilter | None:
        if exclude is None and not where:
            return None
        num_queries = tf.shape(queries)[0]
        excluded = tf.zeros((num_queries, 0), tf.int32) if exclude is None else self.ids.rows(exclude)
        if not where:
            return RowFilter(excluded)
        required, limits = self._attributes.require(where, num_queries)
        return RowFilter(excluded, self._attributes.table.value(), required, limits)

    def _found(
        self,
        queries: Tensor,
        k: int,
        rows: RowFilter | None,
        allow: Tensor | None,
        least: Tensor | None = None,
    ) -> Found:
        if allow is None:
            return self._engine.search(queries, k, rows, least)
        return tf.cond(
            tf.shape(allow)[1] > 0,
            noinline(lambda: self._of_lists(queries, k, rows, allow)),
            noinline(lambda: self._engine.search(queries, k, rows, least)),
        )

    def _of_lists(self, queries: Tensor, k: int, rows: RowFilter | None, allow: Tensor) -> Found:
        """Search the listed ids `[batch, num_ids]`; read a list once if all queries have the same."""
        is_one_list = (tf.shape(allow)[0] > 0) & tf.reduce_all(allow == allow[:1])
        return tf.cond(
            is_one_list,
            lambda: self._of_rows(queries, k, rows, self.ids.rows(tf.ensure_shape(allow[:1], (1, None)))),
            lambda: self._of_rows(queries, k, rows, self.ids.rows(allow)),
        )

    def _of_rows(self, queries: Tensor, k: int, rows: RowFilter | None, listed: Tensor) -> Found:
        """Search listed rows `[batch, num_ids]`, or `[1, num_ids]` for all queries, padded with -1."""
        asked, is_one_list = {"queries": queries}, listed.shape[0] == 1
        if not is_one_list:
            asked["listed"] = listed
        if rows is not None:
            asked["excluded"] = rows.excluded
            of_each = {"required": rows.required, "limits": rows.limits}
            asked |= {name: part for name, part in of_each.items() if part is not None}
        table = None if rows is None else rows.attributes
        vectors = self._engine.vectors_of(tf.maximum(listed, 0)) if is_one_list else None

        def step(carry: tuple[()], part: dict[str, Tensor], _: Any) -> Any:
            some, own = part["queries"], part.get("listed", listed)
            scores, found = self._best_of_lists(some, k, own, _are_allowed(part, own, table), vectors)
            # Repeated rows score the same; among ties the lower row comes first.
            is_tied = (scores[:, 1:] == scores[:, :-1]) & (scores[:, 1:] > -float("inf"))

            def of_sorted() -> Found:
                lines = tf.sort(own, axis=1)
                is_new = lines != tf.pad(lines[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
                return self._best_of_lists(some, k, lines, is_new & _are_allowed(part, lines, table))

            scores, found = tf.cond(tf.reduce_any(is_tied), of_sorted, lambda: (scores, found))
            scores, found = scores[:, :k], found[:, :k]
            return carry, (scores, tf.where(scores > -float("inf"), found, -1))

        num_queries, width = tf.shape(queries)[0], tf.shape(listed)[1]
        size = backend.rows_per_chunk(
            num_queries, width * (queries.shape[1] if is_one_list else queries.shape[2])
        )
        return backend.scan_chunks(step, (), asked, size, dtypes=("float32", "int32"))[1]

    def _best_of_lists(
        self, queries: Tensor, k: int, listed: Tensor, is_allowed: Tensor, vectors: Tensor | None = None
    ) -> Found:
        # One more than k, to see whether the last one is tied.
        if vectors is None:
            vectors = self._engine.vectors_of(tf.maximum(listed, 0))
        scores = tf.where(is_allowed, _products(queries, vectors), -float("inf"))
        scores = tf.pad(scores, [[0, 0], [0, k + 1]], constant_values=-float("inf"))
        best, columns = tf.math.top_k(scores, k + 1)
        listed = tf.pad(listed, [[0, 0], [0, k + 1]])
        if listed.shape[0] == 1:
            return best, tf.gather(listed[0], columns)
        return best, tf.gather(listed, columns, batch_dims=1)

    def signatures(self, k: int) -> dict[str, Any]:
        """Trace the signatures of the export.

        Args:
            k: Number of results of `serving_default` and `serving_with_exclusions`.

        Returns:
            Concrete functions by name.
        """
        inputs = self._queries.input_signature()
        k_spec = tf.TensorSpec((), tf.int32, name="k")
        excluded, allowed = (
            tf.TensorSpec((None, None), self.ids.dtype, name=name) for name in ("exclude", "allow")
        )
        where = self._attributes.inputs()
        asked = {"k": k_spec, "exclude": excluded, "allow": allowed, **where}
        if both := sorted(inputs.keys() & asked.keys()):
            raise ArgumentError(
                must(
                    "index",
                    "not have inputs named like parameters of a request",
                    got=both,
                    fix="Rename these features or attributes",
                )
            )
        of_search = {**inputs, **asked}
        return {
            "serving_default": _traced(lambda **inputs: self(inputs, k), inputs),
            "top_k": _traced(
                lambda **inputs: self(inputs, self._checked(inputs["k"])), {**inputs, "k": k_spec}
            ),
            "serving_with_exclusions": _traced(
                lambda **inputs: self(inputs, k, inputs["exclude"]), {**inputs, "exclude": excluded}
            ),
            "search": _traced(
                lambda **inputs: self(
                    inputs,
                    self._checked(inputs["k"]),
                    inputs["exclude"],
                    inputs["allow"],
                    {name: inputs[name] for name in where},
                ),
                of_search,
            ),
        }

    def _checked(self, k: Tensor) -> Tensor:
        # A k above the number of candidates is allowed if max_k covers all of them.
        largest = self.max_k if self.max_k < self.num_candidates else tf.int32.max
        expected = f"input 'k': expected at least 1 and at most {largest}, got "
        tf.debugging.Assert((k >= 1) & (k <= largest), [expected, k])
        return k


def _of_each(queries: Tensor, values: Tensor, name: str) -> Tensor:
    """Check that a filter has one row for each query."""
    num_queries, num_rows = tf.shape(queries)[0], tf.shape(values)[0]
    message = [f"input '{name}': expected a row for each query, got rows and queries ", num_rows, num_queries]
    with tf.control_dependencies([tf.debugging.Assert(num_rows == num_queries, message)]):
        return tf.identity(values)


def _traced(function: Any, inputs: Mapping[str, tf.TensorSpec]) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(**inputs)


def _products(queries: Tensor, vectors: Tensor) -> Tensor:
    """Score vectors `[batch or 1, n, dim]` by their best head, `[batch, n]`."""
    if vectors.shape[0] != 1:
        return tf.reduce_max(tf.matmul(queries, vectors, transpose_b=True), axis=1)
    _, heads, dim = queries.shape
    products = tf.matmul(tf.reshape(queries, (-1, dim)), vectors[0], transpose_b=True)
    return tf.reduce_max(tf.reshape(products, (-1, heads, tf.shape(vectors)[1])), axis=1)


def _are_allowed(part: Mapping[str, Tensor], listed: Tensor, table: Any) -> Tensor:
    """Return which listed rows pass the filters, `[batch or 1, num_ids]`, bool."""
    are_allowed = listed >= 0
    if "excluded" in part:
        are_allowed &= tf.cond(
            tf.shape(part["excluded"])[1] > 0,
            lambda: ~_is_among(listed, part["excluded"]),
            lambda: tf.ones_like(listed, "bool"),
        )
    if "required" in part:
        are_allowed &= meets_each(tf.gather(table, tf.maximum(listed, 0)), part)
    return are_allowed


def _is_among(rows: Tensor, others: Tensor) -> Tensor:
    """Return whether rows `[batch or 1, n]` are among `others` `[batch, m]` of their query, `[batch, n]`."""
    rows = tf.broadcast_to(rows, (tf.shape(others)[0], tf.shape(rows)[1]))
    others = tf.sort(tf.pad(others, [[0, 0], [0, 1]], constant_values=-1), axis=1)
    last = tf.shape(others)[1] - 1
    at = tf.minimum(tf.searchsorted(others, rows), last)
    return (tf.gather(others, at, batch_dims=1) == rows) & (rows >= 0)
