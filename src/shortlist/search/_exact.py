"""Exact top-k search without materializing or sorting all scores."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self, final

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.ops import check_shapes, pairwise_scores
from shortlist.search._engine import Engine, EngineSpec, Found
from shortlist.search._row_filter import RowFilter, meets
from shortlist.search._tables import as_table, save_table
from shortlist.search._tensors import (
    FilterCache,
    FilterSizes,
    compiled_for,
    filter_sizes,
    to_host,
    without_columns,
)
from shortlist.typing import Tensor

__all__ = ["ExactEngine", "ExactSpec", "exact_search"]

_VECTORS = "vectors.npy"

_BLOCK = 128
"""Candidates per block. The first pass keeps only the maximum score of each block."""

_MAX_RESCORED = 1 / 4
"""Largest fraction of blocks to rescore; above it, all scores are computed in one pass."""

_BLOCK_SCORES = 2**25
"""Maximum number of block scores in memory, 128 MiB; larger batches of queries are split."""


@final
@dataclasses.dataclass(frozen=True)
class ExactSpec(EngineSpec):
    """Spec of exact search, which has no settings."""

    def build(self, vectors: np.ndarray) -> Engine:
        return ExactEngine(vectors)

    def load(self, folder: Path) -> Engine:
        return ExactEngine.load(folder)


@final
class ExactEngine(Engine):
    """Engine that scores every row, with all vectors in one tensor.

    Args:
        vectors: `[num_rows, dim]`, float32.
    """

    is_exact = True

    def __init__(self, vectors: np.ndarray) -> None:
        super().__init__(*vectors.shape)
        self.vectors = as_table(vectors)
        self._filters = FilterCache()

    def search(self, queries: np.ndarray, k: int, rows: RowFilter) -> Found:
        return to_host(exact_search(self.vectors, queries, k, self._filters.tensors(rows)))

    def search_tensors(self, queries: Tensor, k: int, rows: RowFilter) -> tuple[Tensor, Tensor]:
        """Return what `search` returns, as tensors; may be called while a graph is traced."""
        return exact_search(self.vectors, queries, k, rows)

    def vectors_of(self, rows: np.ndarray) -> np.ndarray:
        return backend.host_array(self.vectors)[rows]

    def num_bytes(self) -> int:
        return 4 * self.num_rows * self.dim

    def save(self, folder: Path) -> None:
        save_table(self.vectors, folder / _VECTORS)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Load the files that `save` wrote.

        Args:
            folder: Folder passed to `save`.
        """
        return cls(np.load(folder / _VECTORS, mmap_mode="r"))


def exact_search(
    vectors: Tensor, queries: Tensor, k: int, rows: RowFilter | None = None
) -> tuple[Tensor, Tensor]:
    """Return the k highest-scoring candidates for each query. Compiled once per `k`.

    The first pass keeps only the maximum score of each block of 128 candidates. The top k candidates lie in
    the top k blocks, because each of these holds a candidate that ranks before all candidates outside of
    them. The second pass scores the candidates of these blocks again. With E excluded candidates per
    query, the top k + E blocks are taken. Candidates whose scores differ only by rounding may swap ranks.

    Args:
        vectors: `[num_candidates, dim]`, float32.
        queries: `[num_queries, dim]` or `[num_queries, heads, dim]`; a candidate's score is its maximum over
            heads.
        k: Number of results per query, at most `num_candidates`.
        rows: Filter of the candidates; None for all.

    Returns:
        Scores, float32, and rows, int32, both `[num_queries, k]`, best first, ties in row order; padded with
        -inf and -1 if fewer than k candidates pass the filter.

    Raises:
        ArgumentError: If ranks or dimensions do not match.

    Example:
        >>> scores, rows = exact_search(np.eye(3, dtype="float32"), np.float32([[1, 3, 2]]), k=2)
        >>> np.asarray(rows).tolist()
        [[1, 2]]

    Reference: Chern et al., "TPU-KNN: K Nearest Neighbor Search at Peak FLOP/s", NeurIPS 2022, which keeps
        block maxima but has no second pass, so its results are approximate.
    """
    check_shapes(queries, vectors)
    queries = ops.cast(queries if len(queries.shape) == 3 else ops.expand_dims(queries, 1), "float32")
    if rows is None:
        rows = RowFilter(ops.zeros((ops.shape(queries)[0], 0), "int32"))
    num_candidates, dim = vectors.shape
    few = queries.shape[0] if queries.shape[0] in (0, 1) else None
    sizes = _Sizes(num_candidates, dim, queries.shape[1], k, filter_sizes(rows), few)
    parts = [ops.convert_to_tensor(part) for part in rows if part is not None]
    return compiled_for(_search, sizes)(vectors, queries, *parts)


class _Sizes(NamedTuple):
    """Static sizes, one compiled graph for each combination."""

    num_candidates: int
    dim: int
    heads: int
    k: int
    rows: FilterSizes
    few_queries: int | None
    """Number of queries if it is 0 or 1, else None."""

    @property
    def num_blocks(self) -> int:
        """Number of full blocks; fewer than 128 candidates remain after them."""
        return self.num_candidates // _BLOCK

    @property
    def num_rescored_blocks(self) -> int:
        """Number of blocks scored again in the second pass."""
        return self.k + (self.rows.num_excluded or 0)

    @property
    def uses_blocks(self) -> bool:
        """Return whether the search takes two passes: the best blocks first, then their candidates."""
        return self.few_queries != 0 and self.num_rescored_blocks < _MAX_RESCORED * self.num_blocks


def _search(vectors: Tensor, queries: Tensor, *parts: Tensor, sizes: _Sizes) -> Any:
    num_queries, of_rows = ops.shape(queries)[0], sizes.rows
    excluded, table, required, limits = RowFilter(*parts)
    # Reshaping restores static shapes, which a traced graph loses.
    vectors = ops.reshape(vectors, (sizes.num_candidates, sizes.dim))
    chunks = {
        "query": ops.reshape(queries, (num_queries, sizes.heads, sizes.dim)),
        "excluded": ops.reshape(excluded, (num_queries, of_rows.num_excluded)),
    }
    if table is not None:
        table = ops.reshape(table, (sizes.num_candidates, of_rows.num_columns))
        lines = 1 if of_rows.is_common else num_queries
        for name, part, height in (("required", required, of_rows.num_groups), ("limits", limits, 2)):
            if part is not None:
                part = ops.reshape(part, (lines, height, of_rows.num_columns))
                chunks[name] = ops.broadcast_to(part, (num_queries, height, of_rows.num_columns))
    candidates = _Candidates(vectors, table)
    search = _by_blocks if sizes.uses_blocks else _by_all_scores

    def step(carry: tuple[()], chunk: dict[str, Tensor], _: Any) -> Any:
        scores, found = search(candidates, chunk, sizes)
        return carry, (scores, ops.cast(ops.where(scores > -np.inf, found, -1), "int32"))

    if sizes.uses_blocks:
        size: Tensor | int = max(1, _BLOCK_SCORES // (sizes.heads * sizes.num_blocks))
    else:
        size = backend.rows_per_chunk(num_queries, sizes.heads * sizes.num_candidates)
    return backend.scan_chunks(step, (), chunks, size, dtypes=("float32", "int32"))[1]


class _Candidates(NamedTuple):
    """Vectors, and attributes if any are required."""

    vectors: Tensor
    attributes: Tensor | None


def _by_all_scores(candidates: _Candidates, chunk: dict[str, Tensor], sizes: _Sizes) -> tuple[Tensor, Tensor]:
    queries = chunk["query"]
    scores = pairwise_scores(queries if queries.shape[1] > 1 else queries[:, 0], candidates.vectors)
    if candidates.attributes is not None:
        is_allowed = _meets(ops.expand_dims(candidates.attributes, 0), _common(chunk, sizes), axis=1)
        scores = ops.where(is_allowed, scores, -np.inf)
    return backend.top_k(without_columns(scores, chunk["excluded"]), sizes.k)


def _common(chunk: dict[str, Tensor], sizes: _Sizes) -> dict[str, Tensor]:
    """Return a chunk with one line of requirements if they are the same for all queries."""
    if not sizes.rows.is_common:
        return chunk
    return {name: part[:1] if name in ("required", "limits") else part for name, part in chunk.items()}


def _meets(attributes: Tensor, chunk: Mapping[Any, Tensor], axis: int) -> Tensor:
    """Compare attributes with the requirements of a chunk, which get a new axis to broadcast over."""
    limits = None if "limits" not in chunk else ops.expand_dims(chunk["limits"], axis)
    return meets(attributes, ops.expand_dims(chunk["required"], axis), limits, ops)


def _by_blocks(candidates: _Candidates, chunk: dict[str, Tensor], sizes: _Sizes) -> tuple[Tensor, Tensor]:
    num_in_blocks = sizes.num_blocks * _BLOCK
    best = ops.transpose(_best_of_blocks(candidates, chunk, sizes))
    blocks = backend.top_k(best, sizes.num_rescored_blocks)[1]
    blocks = ops.sort(blocks, axis=1)  # in row order, which breaks ties
    rest = ops.arange(num_in_blocks, sizes.num_candidates, dtype="int32")  # fewer than a block

    def step(carry: tuple[()], part: dict[str, Tensor], _: Any) -> Any:
        rows = ops.concatenate([_rows_of(part["block"]), _each(rest, part["block"])], axis=1)
        scores = _scores_of_rows(candidates.vectors, part["query"], rows)
        if candidates.attributes is not None:
            attributes = ops.take(candidates.attributes, rows, axis=0)
            scores = ops.where(_meets(attributes, part, axis=1), scores, -np.inf)
        scores = without_columns(scores, _columns(part["excluded"], part["block"], num_in_blocks))
        scores, columns = backend.top_k(scores, sizes.k)
        return carry, (scores, ops.take_along_axis(rows, columns, axis=1))

    width = (sizes.num_rescored_blocks + 1) * _BLOCK * sizes.dim
    size = backend.rows_per_chunk(ops.shape(chunk["query"])[0], width)
    return backend.scan_chunks(step, (), {**chunk, "block": blocks}, size, dtypes=("float32", "int32"))[1]


def _best_of_blocks(candidates: _Candidates, chunk: dict[str, Tensor], sizes: _Sizes) -> Tensor:
    """Return the maximum matching score of each block, `[num_blocks, num_queries]`."""
    heads, dim = sizes.heads, sizes.dim
    queries = ops.reshape(chunk["query"], (-1, dim))
    num_columns = ops.shape(queries)[0]
    common = _common(chunk, sizes)
    asked = {name: ops.expand_dims(common[name], 0) for name in ("required", "limits") if name in common}

    def step(carry: tuple[()], part: dict[str, Tensor], _: Any) -> Any:
        tile = ops.reshape(part["vector"], (-1, dim))
        if sizes.few_queries and heads == 1:  # this orientation of the product uses all cores
            scores = ops.reshape(ops.matmul(queries, ops.transpose(tile)), (-1, _BLOCK, 1))
        else:
            scores = ops.reshape(ops.matmul(tile, ops.transpose(queries)), (-1, _BLOCK, num_columns))
        if asked:
            is_allowed = _meets(ops.expand_dims(part["attributes"], 2), asked, axis=0)
            if not sizes.rows.is_common:
                is_allowed = ops.repeat(is_allowed, heads, axis=2)
            scores = ops.where(is_allowed, scores, -np.inf)
        best = ops.max(scores, axis=1)
        if heads > 1:
            best = ops.max(ops.reshape(best, (-1, num_columns // heads, heads)), axis=2)
        return carry, (best,)

    num_in_blocks = sizes.num_blocks * _BLOCK
    blocks = {"vector": ops.reshape(candidates.vectors[:num_in_blocks], (-1, _BLOCK, dim))}
    if candidates.attributes is not None:
        table = candidates.attributes[:num_in_blocks]
        blocks["attributes"] = ops.reshape(table, (-1, _BLOCK, table.shape[1]))
    size = backend.rows_per_chunk(sizes.num_blocks, _BLOCK * num_columns)
    return backend.scan_chunks(step, (), blocks, size)[1][0]


def _rows_of(blocks: Tensor) -> Tensor:
    """Return the rows of blocks, `[num_queries, num_blocks * _BLOCK]`."""
    rows = ops.expand_dims(blocks * _BLOCK, 2) + ops.arange(_BLOCK, dtype="int32")
    return ops.reshape(rows, (-1, blocks.shape[1] * _BLOCK))


def _each(rows: Tensor, like: Tensor) -> Tensor:
    """Repeat rows for each query."""
    return ops.broadcast_to(ops.expand_dims(rows, 0), (ops.shape(like)[0], ops.shape(rows)[0]))


def _scores_of_rows(vectors: Tensor, queries: Tensor, rows: Tensor) -> Tensor:
    """Score each query against its own rows, `[num_queries, num_rows]`."""
    gathered = ops.take(vectors, rows, axis=0)
    products = ops.matmul(queries, ops.transpose(gathered, (0, 2, 1)))
    return products[:, 0] if queries.shape[1] == 1 else ops.max(products, axis=1)


def _columns(excluded: Tensor, blocks: Tensor, num_in_blocks: int) -> Tensor:
    """Return the columns of excluded rows among the rescored ones; -1 if a row is not among them."""
    is_match = ops.expand_dims(excluded // _BLOCK, 2) == ops.expand_dims(blocks, 1)
    position = ops.argmax(ops.cast(is_match, "int32"), axis=2)
    column = ops.cast(position, "int32") * _BLOCK + excluded % _BLOCK
    in_rest = blocks.shape[1] * _BLOCK + excluded - num_in_blocks
    column = ops.where(excluded >= num_in_blocks, in_rest, ops.where(ops.any(is_match, axis=2), column, -1))
    return ops.where(excluded < 0, -1, column)
