"""Graph encoders of engines: vectors in variables, searched by core TensorFlow operators."""

import abc
import functools
from collections.abc import Callable, Mapping
from typing import Any, final

import tensorflow as tf
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.ops import pairwise_scores
from shortlist.search import RowFilter, meets
from shortlist.search._exact import ExactEngine, exact_search
from shortlist.search._tensors import FilterSizes, without_columns
from shortlist.search.partitions import PartitionedEngine
from shortlist.search.partitions._engine import WIDER
from shortlist.search.partitions._search import search
from shortlist.typing import Tensor

__all__ = ["EngineGraphEncoder", "Found", "engine_to_graph", "meets_each", "noinline"]

Found = tuple[Tensor, Tensor]
"""Scores, float32, and rows, int32, both `[batch, k]`, padded with -inf and -1."""


class EngineGraphEncoder(tf.Module, abc.ABC):
    """Search the candidates of one engine in a graph."""

    @abc.abstractmethod
    def search(
        self, queries: Tensor, k: int, rows: RowFilter | None = None, least: Tensor | None = None
    ) -> Found:
        """Return the k highest-scoring rows for each query.

        Args:
            queries: `[batch, heads, dim]`, float32.
            k: Number of rows, at most the number of candidates.
            rows: Filter of the rows to return; None for all.
            least: Number of rows that the request asks for, from 1 to k; None for k. An approximate engine
                widens its search for queries with fewer, as rows after them are cut off.
        """

    @abc.abstractmethod
    def vectors_of(self, rows: Tensor) -> Tensor:
        """Return the vectors `[batch, n, dim]` of non-negative int32 rows `[batch, n]`."""


@functools.singledispatch
def engine_to_graph(engine: Any) -> EngineGraphEncoder:
    """Return the graph encoder of an engine.

    To export your own engine class, register a function or class that takes the engine.

    Raises:
        ArgumentError: If the class of the engine has no graph encoder, such as one that calls a library.
    """
    name = type(engine).__name__
    fix = (
        "Export a BruteForce or Partitioned index, or decorate an EngineGraphEncoder that takes the engine "
        f"with @shortlist.export.engine_to_graph.register({name})"
    )
    raise ArgumentError(must(f"engine class {name}", "have a graph encoder to be exported", fix=fix))


def noinline(branch: Callable[[], Any]) -> Callable[[], Any]:
    """Make a branch one node of the graph around it: each node of an inlined branch costs time."""
    return tf.function(branch, autograph=False, experimental_attributes={"_noinline": True})


def meets_each(attributes: Tensor, part: Mapping[str, Tensor]) -> Tensor:
    """Return whether rows meet the requirements of their query.

    Args:
        attributes: `[batch or 1, n, num_columns]`, int32.
        part: `required` and, if numbers are required, `limits` of a `RowFilter`.

    Returns:
        `[batch, n]`, bool.
    """
    limits = part["limits"][:, None] if "limits" in part else None
    return meets(attributes, part["required"][:, None], limits, ops)


@final
@engine_to_graph.register(ExactEngine)
class _ExactGraphEncoder(EngineGraphEncoder):
    def __init__(self, engine: ExactEngine) -> None:
        super().__init__()
        self._vectors = tf.Variable(engine.vectors, trainable=False, name="vectors")

    def search(
        self, queries: Tensor, k: int, rows: RowFilter | None = None, least: Tensor | None = None
    ) -> Found:
        if rows is None:
            return exact_search(self._vectors.value(), queries, k)
        asked = {"queries": queries, "excluded": rows.excluded}
        of_each = {"required": rows.required, "limits": rows.limits}
        asked |= {name: part for name, part in of_each.items() if part is not None}

        def step(carry: tuple[()], part: dict[str, Tensor], _: Any) -> Any:
            scores = pairwise_scores(part["queries"], self._vectors)
            if "required" in part:
                is_allowed = meets_each(rows.attributes[None], part)
                scores = tf.where(is_allowed, scores, -float("inf"))
            best, found = tf.math.top_k(without_columns(scores, part["excluded"]), k)
            return carry, (best, tf.where(best > -float("inf"), found, -1))

        size = backend.rows_per_chunk(tf.shape(queries)[0], queries.shape[1] * self._vectors.shape[0])
        return backend.scan_chunks(step, (), asked, size, dtypes=("float32", "int32"))[1]

    def vectors_of(self, rows: Tensor) -> Tensor:
        # From the value: after a gather from the variable itself, TensorFlow copies it on each full read.
        return tf.gather(self._vectors.value(), rows)


@final
@engine_to_graph.register(PartitionedEngine)
class _PartitionedGraphEncoder(EngineGraphEncoder):
    def __init__(self, engine: PartitionedEngine) -> None:
        super().__init__()
        self._probes, self._sizes, self._num_partitions = (
            engine.search_budget,
            engine.sizes,
            engine.num_partitions,
        )
        self._least = engine.num_found_at_least(engine.search_budget)
        self._tables = {
            name: tf.Variable(table, trainable=False, name=name) for name, table in engine.tables.items()
        }

    def search(
        self, queries: Tensor, k: int, rows: RowFilter | None = None, least: Tensor | None = None
    ) -> Found:
        last = k - 1 if least is None else least - 1

        def wider(found: Found, probes: int) -> Found:
            """Search more partitions, in the end all, for queries with fewer than `least` rows."""
            if probes >= self._num_partitions:
                return found
            more = min(WIDER * probes, self._num_partitions)
            is_short = found[1][:, last, None] < 0

            def look() -> Found:
                scores, others = wider(self._look(queries, k, rows, more), more)
                return tf.where(is_short, scores, found[0]), tf.where(is_short, others, found[1])

            return tf.cond(tf.reduce_any(is_short), noinline(look), lambda: found)

        found = self._look(queries, k, rows, self._probes)
        return found if rows is None and k <= self._least else wider(found, self._probes)

    def _look(self, queries: Tensor, k: int, rows: RowFilter | None, probes: int) -> Found:
        tables = {name: table.value() for name, table in self._tables.items()}
        of_rows = FilterSizes(num_excluded=0 if rows is None else None)
        rows = RowFilter(tf.zeros((0, 0), tf.int32)) if rows is None else rows
        parts = [part for part in rows if part is not None]

        def of(is_single: bool) -> Found:
            heads = queries.shape[1]
            sizes = self._sizes(heads=heads, k=k, probes=probes, rows=of_rows, is_single=is_single)
            return search(tables, queries, *parts, sizes=sizes)

        if probes > self._probes:  # rare, and each way is traced for each number of probes
            return of(is_single=False)
        return tf.cond(tf.shape(queries)[0] == 1, lambda: of(is_single=True), lambda: of(is_single=False))

    def vectors_of(self, rows: Tensor) -> Tensor:
        # From the value: after a gather from the variable itself, TensorFlow copies it on each full read.
        if "exact" in self._tables:
            return tf.gather(self._tables["exact"].value(), rows)
        vectors = self._tables["vectors"].value()
        return tf.gather(
            tf.reshape(vectors, (-1, vectors.shape[2])), tf.gather(self._tables["slots"].value(), rows)
        )
