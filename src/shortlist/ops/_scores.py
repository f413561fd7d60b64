"""Scores of every query against every candidate."""

from keras import ops

from shortlist.errors import ArgumentError
from shortlist.typing import Tensor

__all__ = ["check_shapes", "pairwise_scores", "true_scores"]


def pairwise_scores(queries: Tensor, candidates: Tensor) -> Tensor:
    """Dot product of each query with each candidate, in float32.

    `scores[i, j] = queries[i] . candidates[j]`; a query of several vectors (heads) scores the maximum over
    them, `scores[i, j] = max_h queries[i, h] . candidates[j]`.

    Args:
        queries: `[num_queries, dim]` or `[num_queries, heads, dim]`, any float dtype.
        candidates: `[num_candidates, dim]`, any float dtype.

    Returns:
        `[num_queries, num_candidates]`, float32.

    Raises:
        ArgumentError: When the ranks or the last dimensions do not fit.

    Example:
        >>> import numpy as np
        >>> float(pairwise_scores(np.float32([[1, 2]]), np.float32([[3, 4]]))[0, 0])
        11.0

    Source: multi-vector queries score as in Li et al., Multi-Interest Network with Dynamic Routing, 2019.
    """
    check_shapes(queries, candidates)
    queries, candidates = (
        ops.cast(queries, "float32"),
        ops.cast(candidates, "float32"),
    )  # float16 would overflow
    products = ops.matmul(queries, ops.transpose(candidates))
    return products if len(products.shape) == 2 else ops.max(products, axis=1)


def true_scores(queries: Tensor, candidates: Tensor) -> Tensor:
    """Score of each query with the candidate of its own row: `queries[i] . candidates[i]`, in float32.

    Args:
        queries: `[num_queries, dim]` or `[num_queries, heads, dim]`.
        candidates: `[num_queries, dim]`.

    Returns:
        `[num_queries]`, float32.

    Example:
        >>> import numpy as np
        >>> true_scores(np.float32([[1, 2], [0, 1]]), np.float32([[3, 4], [5, 6]])).shape[0]
        2
    """
    check_shapes(queries, candidates)
    queries, candidates = ops.cast(queries, "float32"), ops.cast(candidates, "float32")
    if len(queries.shape) == 3:
        return ops.max(ops.einsum("bhd,bd->bh", queries, candidates), axis=1)
    return ops.sum(queries * candidates, axis=-1)


def check_shapes(queries: Tensor, candidates: Tensor) -> None:
    """Refuse vectors of the wrong rank, or of two widths.

    Args:
        queries: Expected `[num_queries, dim]` or `[num_queries, heads, dim]`.
        candidates: Expected `[num_candidates, dim]`.

    Raises:
        ArgumentError: When they are something else.
    """
    if len(queries.shape) not in (2, 3) or len(candidates.shape) != 2:
        raise ArgumentError(
            f"queries came with shape {tuple(queries.shape)} and candidates with shape "
            f"{tuple(candidates.shape)}; "
            "expected [num_queries, dim] (or [num_queries, heads, dim]) and [num_candidates, dim]. A "
            "dimension too "
            "many often means that the data was batched twice."
        )
    if None not in (queries.shape[-1], candidates.shape[-1]) and queries.shape[-1] != candidates.shape[-1]:
        raise ArgumentError(
            f"queries have {queries.shape[-1]} dimensions and candidates {candidates.shape[-1]}; "
            "give both towers the same output size."
        )
