"""An index in a graph."""

from collections.abc import Mapping
from typing import Any, final

import keras
import tensorflow as tf

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.export.attributes import AttributesInGraph
from shortlist.export.candidate_ids import CandidateIds
from shortlist.export.engines import Found, engine_in_graph
from shortlist.export.queries.base import QueriesInGraph
from shortlist.indexes import StoredIndex
from shortlist.indexes.filters import Filter, are_wanted
from shortlist.ops import rows_a_chunk
from shortlist.typing import Tensor

__all__ = ["TopKInGraph"]

_FEW = 16


@final
class TopKInGraph(tf.Module):
    """The twin of an index whose candidates are in memory: raw features to scores and ids.

    Args:
        index: With candidates, none of which were changed since it was built or compacted.
        queries: Its query side.
        max_k: The most that a request may ask for; no more than there are candidates.

    Raises:
        ArgumentError: When candidates came or went since the index was built.
    """

    def __init__(self, index: StoredIndex, queries: QueriesInGraph, max_k: int) -> None:
        super().__init__()
        snapshot = index.snapshot()
        if snapshot.has_gaps or len(snapshot.fresh):
            raise ArgumentError(
                "index: candidates were added or removed after it was built; call compact() first, which "
                "builds it anew"
            )
        self._queries, self._similarity = queries, index.similarity
        self._resources = queries.resources()  # held here, for their variables and tables to be saved
        self._engine = engine_in_graph(snapshot.engine)
        self.num_candidates, self.max_k = snapshot.num_candidates, min(max_k, snapshot.num_candidates)
        self.ids = CandidateIds(index.ids)
        self._attributes = AttributesInGraph(snapshot.attributes, snapshot.bits)

    def __call__(
        self,
        features: Mapping[str, Tensor],
        k: int | Tensor,
        exclude: Tensor | None = None,
        allow: Tensor | None = None,
        where: Mapping[str, Tensor] | None = None,
    ) -> dict[str, Tensor]:
        """The k best candidates of each query.

        Args:
            features: Raw features by name, as the queries' `input_signature` tells; others may be there too.
            k: How many, from 1 to `max_k`.
            exclude: `[batch, num_ids]`, ids that must not come back.
            allow: `[batch, num_ids]`, the only ids that may; of no width for all.
            where: By `where_` and name, `[batch, num_values]`, what attributes must be.

        Returns:
            `scores`, float32, and `ids`, both `[batch, k]`.

        Raises:
            InvalidArgumentError: When the graph runs, where a filter has not a row for each query.
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

    def _found_of_any(self, queries: Tensor, k: Tensor, rows: Filter | None, allow: Tensor | None) -> Found:
        """A search is made for a number that is known beforehand: a small one, and the largest."""
        few = min(_FEW, self.max_k)
        scores, found = tf.cond(
            k <= few,
            lambda: self._found(queries, few, rows, allow, k),
            lambda: self._found(queries, self.max_k, rows, allow, k),
        )
        return scores[:, :k], found[:, :k]

    def _query_vectors(self, features: Mapping[str, Tensor]) -> Tensor:
        """`[batch, heads, dim]`."""
        with keras.StatelessScope():  # added losses must not stay behind in the layers as tensors of a graph
            vectors = tf.cast(self._queries(features), tf.float32)
        vectors = vectors if len(vectors.shape) == 3 else vectors[:, None]
        return vectors if self._similarity == "dot" else keras.ops.normalize(vectors, axis=-1)

    def _filter(
        self, queries: Tensor, exclude: Tensor | None, where: Mapping[str, Tensor] | None
    ) -> Filter | None:
        if exclude is None and not where:
            return None
        num_queries = tf.shape(queries)[0]
        excluded = tf.zeros((num_queries, 0), tf.int32) if exclude is None else self.ids.rows(exclude)
        if not where:
            return Filter(excluded)
        return Filter(excluded, self._attributes.bits, self._attributes.wanted(where, num_queries))

    def _found(
        self,
        queries: Tensor,
        k: int,
        rows: Filter | None,
        allow: Tensor | None,
        least: Tensor | None = None,
    ) -> Found:
        if allow is None:
            return self._engine.search(queries, k, rows, least)
        return tf.cond(
            tf.shape(allow)[1] > 0,
            lambda: self._of_lists(queries, k, rows, self.ids.rows(allow)),
            lambda: self._engine.search(queries, k, rows, least),
        )

    def _of_lists(self, queries: Tensor, k: int, rows: Filter | None, listed: Tensor) -> Found:
        """The best of the rows `[batch, num_ids]`; negative ones are none."""
        asked = {"queries": queries, "listed": listed}
        if rows is not None:
            asked["excluded"] = rows.excluded
            if rows.bits is not None:
                asked["wanted"] = rows.wanted
        bits = None if rows is None else rows.bits

        def step(carry: tuple[()], part: dict[str, Tensor], _: Any) -> Any:
            is_allowed = _are_allowed(part, bits)
            scores, found = self._best_of_lists(part["queries"], k, part["listed"], is_allowed)
            # Rows that stand twice score the same, as do ties, of which the lower row comes first.
            is_tied = (scores[:, 1:] == scores[:, :-1]) & (scores[:, 1:] > -float("inf"))
            scores, found = tf.cond(
                tf.reduce_any(is_tied),
                lambda: self._best_of_sorted(part["queries"], k, part["listed"], is_allowed),
                lambda: (scores[:, :k], found[:, :k]),
            )
            return carry, (scores, tf.where(scores > -float("inf"), found, -1))

        num_queries, width = tf.unstack(tf.shape(listed))
        size = rows_a_chunk(num_queries, width * queries.shape[2])
        return backend.over_chunks(step, (), asked, size, dtypes=("float32", "int32"))[1]

    def _best_of_sorted(self, queries: Tensor, k: int, listed: Tensor, is_allowed: Tensor) -> Found:
        listed = tf.sort(tf.where(is_allowed, listed, -1), axis=1)
        before = tf.pad(listed[:, :-1], [[0, 0], [1, 0]], constant_values=-1)
        scores, found = self._best_of_lists(queries, k, listed, listed != before)
        return scores[:, :k], found[:, :k]

    def _best_of_lists(self, queries: Tensor, k: int, listed: Tensor, is_allowed: Tensor) -> Found:
        """One more than k, so that a tie with the last one shows."""
        vectors = self._engine.vectors_of(tf.maximum(listed, 0))
        scores = tf.reduce_max(tf.matmul(queries, vectors, transpose_b=True), axis=1)
        scores = tf.where(is_allowed, scores, -float("inf"))
        scores = tf.pad(scores, [[0, 0], [0, k + 1]], constant_values=-float("inf"))
        best, columns = tf.math.top_k(scores, k + 1)
        return best, tf.gather(tf.pad(listed, [[0, 0], [0, k + 1]]), columns, batch_dims=1)

    def signatures(self, k: int) -> dict[str, Any]:
        """What a server offers, traced.

        Args:
            k: Of `serving_default` and `serving_with_exclusions`.

        Returns:
            Concrete functions by name.
        """
        inputs = self._queries.input_signature()
        a_k = tf.TensorSpec((), tf.int32, name="k")
        excluded, allowed = (
            tf.TensorSpec((None, None), self.ids.dtype, name=name) for name in ("exclude", "allow")
        )
        where = self._attributes.inputs()
        asked = {"k": a_k, "exclude": excluded, "allow": allowed, **where}
        if both := sorted(inputs.keys() & asked.keys()):
            raise ArgumentError(
                f"index: its query model takes inputs {both}, which are names of what a request to `search` "
                "says besides; give these features or attributes other names"
            )
        of_search = {**inputs, **asked}
        return {
            "serving_default": _traced(lambda **inputs: self(inputs, k), inputs),
            "top_k": _traced(lambda **inputs: self(inputs, self._checked(inputs["k"])), {**inputs, "k": a_k}),
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
        # More than there are candidates is no mistake: all of them come back.
        largest = self.max_k if self.max_k < self.num_candidates else tf.int32.max
        expected = f"input 'k': expected at least 1 and at most {largest}, got "
        tf.debugging.Assert((k >= 1) & (k <= largest), [expected, k])
        return k


def _of_each(queries: Tensor, values: Tensor, name: str) -> Tensor:
    """A filter, once it has a row for each query."""
    num_queries, num_rows = tf.shape(queries)[0], tf.shape(values)[0]
    said = [f"input '{name}': expected a row for each query, got rows and queries ", num_rows, num_queries]
    with tf.control_dependencies([tf.debugging.Assert(num_rows == num_queries, said)]):
        return tf.identity(values)


def _traced(function: Any, inputs: Mapping[str, tf.TensorSpec]) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(**inputs)


def _are_allowed(part: Mapping[str, Tensor], bits: Any) -> Tensor:
    """`[batch, num_ids]`, bool, which of the listed rows may come back."""
    listed = part["listed"]
    are_allowed = listed >= 0
    if "excluded" in part:
        are_allowed &= tf.cond(
            tf.shape(part["excluded"])[1] > 0,
            lambda: ~_is_among(listed, part["excluded"]),
            lambda: tf.ones_like(are_allowed),
        )
    if "wanted" in part:
        are_allowed &= are_wanted(tf.gather(bits, tf.maximum(listed, 0)), part["wanted"][:, None])
    return are_allowed


def _is_among(rows: Tensor, others: Tensor) -> Tensor:
    """`[batch, n]`, bool, whether rows stand among others of their query, `[batch, m]`, of any width."""
    others = tf.sort(tf.pad(others, [[0, 0], [0, 1]], constant_values=-1), axis=1)
    last = tf.shape(others)[1] - 1
    at = tf.minimum(tf.searchsorted(others, rows), last)
    return (tf.gather(others, at, batch_dims=1) == rows) & (rows >= 0)
