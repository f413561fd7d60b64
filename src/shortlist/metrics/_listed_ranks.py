"""Ranks of true candidates in the results of an index that may be approximate."""

from keras import ops

from shortlist.metrics._ranks import but_the_true
from shortlist.metrics._true_ranks import NEVER
from shortlist.search import Engine, RowFilter
from shortlist.search._tensors import found_rows
from shortlist.typing import Tensor

__all__ = ["listed_ranks"]


def listed_ranks(
    engine: Engine, queries: Tensor, true_rows: Tensor, excluded_rows: Tensor | None, k: int
) -> tuple[Tensor, Tensor]:
    """Count the candidates that an index returns before each true one.

    Args:
        engine: Engine that searches the candidates.
        queries: `[batch, dim]`, or `[batch, heads, dim]`.
        true_rows: Rows of the true candidates, `[batch, num_true]`, int32; negative if it has none.
        excluded_rows: `[batch, num_excluded]`, int32; negative values are padding.
        k: Number of candidates that the index returns.

    Returns:
        `num_better` and `num_tied`, float32, `[batch, num_true]`. `num_better` is `NEVER` for candidates that
        are not returned; `num_tied` is 1.
    """
    queries = ops.cast(queries if len(queries.shape) == 3 else ops.expand_dims(queries, 1), "float32")
    if excluded_rows is None:
        excluded_rows = ops.zeros((ops.shape(queries)[0], 0), "int32")
    rows = RowFilter(but_the_true(excluded_rows, true_rows))
    listed = ops.convert_to_tensor(found_rows(engine, queries, min(k, engine.num_rows), rows))
    is_it = ops.expand_dims(true_rows, 2) == ops.expand_dims(listed, 1)
    is_found = ops.logical_and(ops.any(is_it, axis=2), true_rows >= 0)
    place = ops.cast(ops.argmax(ops.cast(is_it, "int32"), axis=2), "float32")
    return ops.where(is_found, place, float(NEVER)), ops.ones_like(place)
