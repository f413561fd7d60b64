"""Search on tensors: compilation, filters on the device, and engines inside a traced graph."""

import functools
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, Protocol, runtime_checkable

import keras
import numpy as np
from keras import ops

from shortlist import backend
from shortlist.search._engine import Engine, Found
from shortlist.search._row_filter import RowFilter
from shortlist.typing import Tensor

__all__ = [
    "FilterCache",
    "SearchesTensors",
    "compiled_for",
    "filter_sizes",
    "found_rows",
    "search_symbolic",
    "to_host",
    "without_columns",
]


@runtime_checkable
class SearchesTensors(Protocol):
    """Engine that also searches tensors, inside or outside of a traced graph."""

    def search_tensors(self, queries: Tensor, k: int, rows: RowFilter) -> tuple[Tensor, Tensor]:
        """Return what `Engine.search` returns, as tensors.

        Args:
            queries: `[num_queries, heads, dim]`, float32.
            k: Number of results per query.
            rows: Filter of the rows to return, as tensors or NumPy arrays.
        """


def search_symbolic(engine: Engine, queries: Tensor, k: int, rows: RowFilter) -> tuple[Tensor, Tensor]:
    """Search with any engine while a graph is traced; one that takes no tensors is called on the host.

    Args:
        engine: Engine to search.
        queries: `[num_queries, heads, dim]`, float32.
        k: Number of results per query.
        rows: Filter of the rows to return.

    Returns:
        Scores and rows, both `[num_queries, k]`.
    """
    if isinstance(engine, SearchesTensors):
        return engine.search_tensors(queries, k, rows)
    found = _rows_on_host(engine, queries, k, rows)
    shape = (queries.shape[0], k, engine.dim)
    vectors = backend.host_callback(engine.vectors_of, found, shape)  # vectors of padding are masked below
    scores = ops.max(ops.einsum("bkd,bhd->bkh", vectors, queries), axis=2)
    return ops.where(found < 0, -np.inf, scores), found


def found_rows(engine: Engine, queries: Tensor, k: int, rows: RowFilter) -> Tensor:
    """Return the rows that an engine finds for query tensors, inside or outside of a traced graph.

    Args:
        engine: Engine to search.
        queries: `[num_queries, heads, dim]`, float32.
        k: Number of results per query.
        rows: Filter of the rows to return, as tensors.

    Returns:
        `[num_queries, k]`, int32, padded with -1.
    """
    if backend.is_symbolic(queries) and isinstance(engine, SearchesTensors):
        return engine.search_tensors(queries, k, rows)[1]
    return _rows_on_host(engine, queries, k, rows)


def _rows_on_host(engine: Engine, queries: Tensor, k: int, rows: RowFilter) -> Tensor:
    def on_host(queries: np.ndarray, *parts: np.ndarray) -> np.ndarray:
        return engine.search(queries, k, RowFilter(*parts))[1]

    parts = tuple(part for part in rows if part is not None)
    return backend.host_callback(on_host, (queries, *parts), (queries.shape[0], k), "int32")


class FilterSizes(NamedTuple):
    """Static sizes of a filter."""

    num_excluded: int | None
    """Width of the excluded rows; None if it is dynamic."""
    num_groups: int | None = None
    """Number of required groups; None if nothing is required."""
    num_columns: int = 0
    """Number of columns of attributes."""
    is_common: bool = False
    """Whether requirements are the same for all queries."""


def filter_sizes(rows: RowFilter) -> FilterSizes:
    """Return the static sizes of a filter, for `compiled_for`."""
    if rows.attributes is None:
        return FilterSizes(rows.num_excluded)
    num_queries, num_groups, num_columns = rows.required.shape
    return FilterSizes(rows.num_excluded, num_groups, num_columns, num_queries == 1)


class FilterCache:
    """Convert filters to tensors; the attributes of all rows are converted once per table."""

    def __init__(self) -> None:
        self._table: tuple[np.ndarray, Tensor] | None = None

    def tensors(self, rows: RowFilter) -> RowFilter:
        """Return a filter of tensors.

        Args:
            rows: Filter of NumPy arrays.
        """
        excluded, table, required, limits = rows
        if table is not None:
            cached = self._table  # read once: queries of other threads may use another table
            if cached is None or cached[0] is not table:
                cached = self._table = (table, ops.convert_to_tensor(table))
            table, required = cached[1], ops.convert_to_tensor(required)
            limits = None if limits is None else ops.convert_to_tensor(limits)
        return RowFilter(ops.convert_to_tensor(excluded), table, required, limits)


@functools.lru_cache(maxsize=64)
def compiled_for(search: Callable[..., Any], sizes: Hashable) -> Callable[..., Any]:
    """Return `search` with `sizes` bound, compiled on its first call.

    Results are cached, so engines of equal sizes share one compiled graph.

    Args:
        search: Function of positional tensors and the keyword `sizes`.
        sizes: Static sizes that determine the graph.

    Returns:
        Compiled function of the tensors; the same object for the same arguments.
    """
    return backend.compiled(functools.partial(search, sizes=sizes))


def without_columns(scores: Tensor, columns: Tensor) -> Tensor:
    """Set the scores of some columns to -inf.

    Args:
        scores: `[num_queries, num_columns]`, float32.
        columns: `[num_queries, n]`, int32, padded with negative numbers.

    Returns:
        `[num_queries, num_columns]`.
    """
    return scores if columns.shape[1] == 0 else backend.ExclusionMask(columns).fill(scores, 0)


def to_host(found: tuple[Tensor, Tensor]) -> Found:
    """Convert scores and rows to NumPy arrays."""
    scores, rows = found
    return np.asarray(keras.ops.convert_to_numpy(scores)), np.asarray(keras.ops.convert_to_numpy(rows))
