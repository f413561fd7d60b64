"""Exact top-k search without materializing or sorting all scores."""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from shortlist import backend
from shortlist.indexes._compiling import compiled_for
from shortlist.indexes._row_filter import Filter, are_wanted, without_columns
from shortlist.ops import check_shapes, pairwise_scores
from shortlist.typing import Tensor

__all__ = ["exact_search"]

_BLOCK = 128
"""Candidates per block. The first pass keeps only the maximum score of each block."""

_MOST_BLOCKS = 1 / 4
"""Largest fraction of blocks to rescore; above it, all scores are computed in one pass."""

_BLOCK_SCORES = 2**25
"""Maximum number of block scores in memory, 128 MiB; larger batches of queries are split."""


def exact_search(
    vectors: Tensor, queries: Tensor, k: int, rows: Filter | None = None
) -> tuple[Tensor, Tensor]:
    """Return the k highest-scoring candidates for each query. Compiled once per `k`.

    The first pass keeps only the maximum score of each block of 128 candidates. The top k candidates lie in
    the top k blocks: each of k higher-ranked blocks would contain a candidate that ranks before one outside
    of them. The second pass scores the candidates of these blocks again. With E excluded candidates per
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
        rows = Filter(ops.zeros((ops.shape(queries)[0], 0), "int32"))
    num_candidates, dim = vectors.shape
    few = queries.shape[0] if queries.shape[0] in (0, 1) else None
    sizes = _Sizes(num_candidates, dim, queries.shape[1], k, rows.num_excluded, rows.shape_of_wanted, few)
    asked = [rows.excluded] if rows.bits is None else [rows.excluded, rows.bits, rows.wanted]
    return compiled_for(_search, sizes)(vectors, queries, *map(ops.convert_to_tensor, asked))


class _Sizes(NamedTuple):
    """Static sizes, one compiled graph for each combination."""

    num_candidates: int
    dim: int
    heads: int
    k: int
    num_excluded: int
    wanted: tuple[int, int, bool] | None
    """Groups and words of the required mask, and whether it is the same for all queries."""
    few_queries: int | None
    """Number of queries if it is 0 or 1, else None."""

    @property
    def num_blocks(self) -> int:
        """Number of full blocks; fewer than 128 candidates remain after them."""
        return self.num_candidates // _BLOCK

    @property
    def num_looked_at(self) -> int:
        """Number of blocks scored again in the second pass."""
        return self.k + self.num_excluded

    @property
    def goes_by_blocks(self) -> bool:
        """Is True if the search takes two passes: the best blocks first, then their candidates."""
        return self.few_queries != 0 and self.num_looked_at < _MOST_BLOCKS * self.num_blocks


def _search(vectors: Tensor, queries: Tensor, excluded: Tensor, *wanted: Tensor, sizes: _Sizes) -> Any:
    num_queries = ops.shape(queries)[0]
    candidates = _Candidates(  # restore static shapes, which a traced graph loses
        ops.reshape(vectors, (sizes.num_candidates, sizes.dim)),
        ops.reshape(wanted[0], (sizes.num_candidates, sizes.wanted[1])) if sizes.wanted else None,
    )
    rows = {
        "query": ops.reshape(queries, (num_queries, sizes.heads, sizes.dim)),
        "excluded": ops.reshape(excluded, (num_queries, sizes.num_excluded)),
    }
    if sizes.wanted:
        groups, words, is_common = sizes.wanted
        each = ops.reshape(wanted[1], (1 if is_common else num_queries, groups, words))
        rows["wanted"] = ops.broadcast_to(each, (num_queries, groups, words))
    search = _by_blocks if sizes.goes_by_blocks else _by_all_scores

    def step(carry: tuple[()], part: dict[str, Tensor], _: Any) -> Any:
        scores, found = search(candidates, part, sizes)
        return carry, (scores, ops.cast(ops.where(scores > -np.inf, found, -1), "int32"))

    if sizes.goes_by_blocks:
        size: Tensor | int = max(1, _BLOCK_SCORES // (sizes.heads * sizes.num_blocks))
    else:
        size = backend.rows_per_chunk(num_queries, sizes.heads * sizes.num_candidates)
    return backend.scan_chunks(step, (), rows, size, dtypes=("float32", "int32"))[1]


class _Candidates(NamedTuple):
    """Vectors, and attribute masks if any are required."""

    vectors: Tensor
    bits: Tensor | None


def _by_all_scores(candidates: _Candidates, part: dict[str, Tensor], sizes: _Sizes) -> tuple[Tensor, Tensor]:
    queries = part["query"]
    scores = pairwise_scores(queries if queries.shape[1] > 1 else queries[:, 0], candidates.vectors)
    if candidates.bits is not None:
        each = ops.expand_dims(candidates.bits, 0), ops.expand_dims(_wanted(part, sizes), 1)
        scores = ops.where(are_wanted(*each), scores, -np.inf)
    return backend.top_k(without_columns(scores, part["excluded"]), sizes.k)


def _wanted(part: dict[str, Tensor], sizes: _Sizes) -> Tensor:
    """Return the required mask `[num_queries, num_groups, num_words]`, or `[1, ...]` if it is shared."""
    assert sizes.wanted is not None
    return part["wanted"][:1] if sizes.wanted[2] else part["wanted"]


def _by_blocks(candidates: _Candidates, part: dict[str, Tensor], sizes: _Sizes) -> tuple[Tensor, Tensor]:
    num_in_blocks = sizes.num_blocks * _BLOCK
    best = ops.transpose(_best_of_blocks(candidates, part, sizes))
    blocks = backend.top_k(best, sizes.num_looked_at)[1]
    blocks = ops.sort(blocks, axis=1)  # in row order, for ties
    rest = ops.arange(num_in_blocks, sizes.num_candidates, dtype="int32")  # fewer than a block

    def step(carry: tuple[()], part: dict[str, Tensor], _: Any) -> Any:
        rows = ops.concatenate([_rows_of(part["block"]), _each(rest, part["block"])], axis=1)
        scores = _scores_of_rows(candidates.vectors, part["query"], rows)
        if candidates.bits is not None:
            bits = ops.take(candidates.bits, rows, axis=0)
            scores = ops.where(are_wanted(bits, ops.expand_dims(part["wanted"], 1)), scores, -np.inf)
        scores = without_columns(scores, _columns(part["excluded"], part["block"], num_in_blocks))
        scores, columns = backend.top_k(scores, sizes.k)
        return carry, (scores, ops.take_along_axis(rows, columns, axis=1))

    width = (sizes.num_looked_at + 1) * _BLOCK * sizes.dim
    size = backend.rows_per_chunk(ops.shape(part["query"])[0], width)
    rows = {**part, "block": blocks}
    return backend.scan_chunks(step, (), rows, size, dtypes=("float32", "int32"))[1]


def _best_of_blocks(candidates: _Candidates, part: dict[str, Tensor], sizes: _Sizes) -> Tensor:
    """Return the maximum matching score of each block, `[num_blocks, num_queries]`."""
    heads, dim = sizes.heads, sizes.dim
    queries = ops.reshape(part["query"], (-1, dim))
    num_columns = ops.shape(queries)[0]
    wanted = ops.expand_dims(_wanted(part, sizes), 0) if sizes.wanted else None

    def step(carry: tuple[()], part: dict[str, Tensor], _: Any) -> Any:
        tile = ops.reshape(part["vector"], (-1, dim))
        if sizes.few_queries and heads == 1:  # this orientation of the product uses all cores
            scores = ops.reshape(ops.matmul(queries, ops.transpose(tile)), (-1, _BLOCK, 1))
        else:
            scores = ops.reshape(ops.matmul(tile, ops.transpose(queries)), (-1, _BLOCK, num_columns))
        if wanted is not None:
            is_wanted = are_wanted(ops.expand_dims(part["bits"], 2), ops.expand_dims(wanted, 0))
            scores = ops.where(ops.repeat(is_wanted, heads, axis=2), scores, -np.inf)
        best = ops.max(scores, axis=1)
        if heads > 1:
            best = ops.max(ops.reshape(best, (-1, num_columns // heads, heads)), axis=2)
        return carry, (best,)

    num_in_blocks = sizes.num_blocks * _BLOCK
    blocks = {"vector": ops.reshape(candidates.vectors[:num_in_blocks], (-1, _BLOCK, dim))}
    if candidates.bits is not None:
        words = candidates.bits.shape[1]
        blocks["bits"] = ops.reshape(candidates.bits[:num_in_blocks], (-1, _BLOCK, words))
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
    is_live = ops.expand_dims(excluded // _BLOCK, 2) == ops.expand_dims(blocks, 1)
    place = ops.argmax(ops.cast(is_live, "int32"), axis=2)
    column = ops.cast(place, "int32") * _BLOCK + excluded % _BLOCK
    in_rest = blocks.shape[1] * _BLOCK + excluded - num_in_blocks
    column = ops.where(excluded >= num_in_blocks, in_rest, ops.where(ops.any(is_live, axis=2), column, -1))
    return ops.where(excluded < 0, -1, column)
