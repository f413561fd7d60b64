"""Search of the partitions whose centroids score highest, as a function of tensors."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.search._row_filter import RowFilter, meets
from shortlist.search._tensors import FilterSizes, without_columns
from shortlist.typing import Tensor

__all__ = ["SearchSizes", "search"]

_SLOTS_AT_ONCE = 2**24
"""Scores in memory at once, 64 MiB; larger batches are searched in chunks."""

_MANY_QUERIES = 1024
"""If this many queries fit in a chunk, the batch is not split."""


class SearchSizes(NamedTuple):
    """Static sizes of a compiled search."""

    num_partitions: int
    size: int
    dim: int
    heads: int
    probes: int
    """Partitions searched per query."""
    k: int
    num_rescored: int
    """Rows rescored exactly after scoring int8 codes of vectors; 0 without codes."""
    rows: FilterSizes
    is_single: bool
    """Whether the batch holds one query."""


def search(
    tables: dict[str, Any], queries: Tensor, *parts: Tensor, sizes: SearchSizes
) -> tuple[Tensor, Tensor]:
    """Find the k best rows of each query in the partitions it probes.

    Args:
        tables: Tables of `Partitions.tables`, as backend tensors or variables.
        queries: `[num_queries, heads, dim]`, float32.
        *parts: Fields of a `RowFilter`, without those that are None.
        sizes: Static sizes.

    Returns:
        Scores, float32, and rows, int32, `[num_queries, k]`, best first, padded with minus infinity and -1.
    """
    queries = ops.reshape(queries, (-1, sizes.heads, sizes.dim))
    rows = RowFilter(*parts)
    num_at_once = max(1, _SLOTS_AT_ONCE // (sizes.probes * sizes.size))
    if sizes.is_single or num_at_once >= _MANY_QUERIES:
        return _search(tables, queries, rows, sizes)
    of_each = {"required": rows.required, "limits": rows.limits}
    of_each = {name: part for name, part in of_each.items() if part is not None and part.shape[0] != 1}
    chunks = {"queries": queries, "excluded": rows.excluded, **of_each}

    def step(carry: tuple[()], chunk: dict[str, Tensor], _: Any) -> Any:
        of_chunk = rows._replace(**{name: part for name, part in chunk.items() if name != "queries"})
        return carry, _search(tables, chunk["queries"], of_chunk, sizes)

    return backend.scan_chunks(step, (), chunks, num_at_once, dtypes=("float32", "int32"))[1]


def _search(
    tables: dict[str, Any], queries: Tensor, asked: RowFilter, sizes: SearchSizes
) -> tuple[Tensor, Tensor]:
    queries = queries[:1] if sizes.is_single else queries  # makes the batch size static
    chosen = backend.top_k(_best_of_heads(queries, tables["centroids"], sizes), sizes.probes)[1]
    scores = _scores(tables["vectors"], queries, chosen, sizes)
    if sizes.num_rescored:
        scores = scores * _of_slots(tables["scales"], chosen, sizes)
    rows = _of_slots(tables["rows"], chosen, sizes)
    is_allowed = rows >= 0
    if asked.attributes is not None:
        attributes = backend.gather_rows(asked.attributes, ops.maximum(rows, 0))
        limits = None if asked.limits is None else ops.expand_dims(asked.limits, 1)
        meets_all = meets(attributes, ops.expand_dims(asked.required, 1), limits, ops)
        is_allowed = ops.logical_and(is_allowed, meets_all)
    scores = ops.where(is_allowed, scores, -np.inf)
    if sizes.rows.num_excluded != 0:
        scores = without_columns(scores, _columns(asked.excluded, tables["slots"], chosen, sizes))
    if sizes.num_rescored:
        scores, rows = _rescored(tables["exact"], queries, *_best(scores, rows, sizes.num_rescored))
    return _best(scores, rows, sizes.k)


def _best(scores: Tensor, rows: Tensor, k: int) -> tuple[Tensor, Tensor]:
    best, columns = backend.top_k(scores, k)
    return best, ops.where(best > -np.inf, _at(rows, columns), -1)


def _at(table: Tensor, columns: Tensor) -> Tensor:
    """Gather `columns` `[num_queries, n]` from `table` `[num_queries, m]`, like `take_along_axis`."""
    # One flat lookup: `keras.ops.take_along_axis` runs several times as many operations.
    if table.shape[0] != 1:
        num_queries, width = ops.shape(table)
        columns = columns + ops.expand_dims(ops.arange(num_queries, dtype="int32"), 1) * width
    return backend.gather_rows(ops.reshape(table, (-1,)), columns)


def _rescored(exact: Any, queries: Tensor, scores: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Replace the scores of codes with exact ones."""
    vectors = backend.gather_rows(exact, ops.maximum(rows, 0))
    products = ops.max(ops.matmul(queries, ops.transpose(vectors, (0, 2, 1))), axis=1)
    return ops.where(rows < 0, scores, products), rows


def _of_slots(table: Tensor, chosen: Tensor, sizes: SearchSizes) -> Tensor:
    """Gather `table` `[num_partitions, size]` for each query's slots `[num_queries, probes * size]`."""
    num_queries = 1 if sizes.is_single else -1
    return ops.reshape(backend.gather_rows(table, chosen), (num_queries, sizes.probes * sizes.size))


def _best_of_heads(queries: Tensor, vectors: Tensor, sizes: SearchSizes) -> Tensor:
    """Return each vector's best product with a query's heads `[num_queries, num_vectors]`."""
    if sizes.is_single:  # vectors first: avoids transposing the large operand
        if sizes.heads == 1:
            return ops.reshape(ops.matmul(vectors, ops.reshape(queries, (sizes.dim, 1))), (1, -1))
        return ops.expand_dims(ops.max(ops.matmul(vectors, ops.transpose(queries[0])), axis=1), 0)
    products = ops.matmul(ops.reshape(queries, (-1, sizes.dim)), ops.transpose(vectors))
    if sizes.heads == 1:
        return products
    return ops.max(ops.reshape(products, (-1, sizes.heads, ops.shape(vectors)[0])), axis=1)


def _scores(vectors: Any, queries: Tensor, chosen: Tensor, sizes: SearchSizes) -> Tensor:
    """Score all slots of each query's partitions `[num_queries, probes * size]`."""
    if sizes.is_single:
        probed = ops.reshape(backend.gather_rows(vectors, chosen), (-1, sizes.dim))
        probed = ops.cast(probed, "float32")  # codes are int8
        return _best_of_heads(queries, probed, sizes)
    # Sorted by partition, so that queries of the same partition share one product.
    flat = ops.reshape(chosen, (-1,))
    order = ops.argsort(flat)
    grouped_queries = ops.take(queries, order // sizes.probes, axis=0)
    products = backend.grouped_products(vectors, ops.take(flat, order), grouped_queries)
    back = ops.argsort(order)
    return ops.reshape(ops.take(products, back, axis=0), (-1, sizes.probes * sizes.size))


def _columns(excluded: Tensor, slots: Tensor, chosen: Tensor, sizes: SearchSizes) -> Tensor:
    """Return the columns of excluded rows among a query's slots `[num_queries, num_excluded]`, or -1."""
    slot = backend.gather_rows(slots, ops.maximum(excluded, 0))
    partition, inside = slot // sizes.size, slot % sizes.size
    probe = _at(_probe_of_partition(chosen, sizes.num_partitions), partition)
    is_probed = ops.logical_and(excluded >= 0, probe >= 0)
    return ops.where(is_probed, probe * sizes.size + inside, -1)


def _probe_of_partition(chosen: Tensor, num_partitions: int) -> Tensor:
    """Return each partition's position among those probed `[num_queries, num_partitions]`, or -1."""
    num_queries, probes = ops.shape(chosen)
    flat = ops.reshape(
        ops.expand_dims(ops.arange(num_queries, dtype="int32"), 1) * num_partitions + chosen, (-1, 1)
    )
    numbers = ops.broadcast_to(
        ops.expand_dims(ops.arange(probes, dtype="int32") + 1, 0), (num_queries, probes)
    )
    table = ops.scatter(flat, ops.reshape(numbers, (-1,)), (num_queries * num_partitions,))
    return ops.reshape(table, (num_queries, num_partitions)) - 1
