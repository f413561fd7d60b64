"""Dot-product scores of queries and candidates."""

from typing import Any

import numpy as np
from keras import ops

from shortlist.errors import ArgumentError, must
from shortlist.typing import Tensor

__all__ = ["check_shapes", "pairwise_scores", "per_query_scores", "true_scores", "unit_vectors"]


def pairwise_scores(queries: Tensor, candidates: Tensor) -> Tensor:
    """Return the float32 dot product of each query with each candidate, `[num_queries, num_candidates]`.

    `scores[i, j] = queries[i] . candidates[j]`; a query of several heads scores the maximum over them,
    `scores[i, j] = max_h queries[i, h] . candidates[j]`.

    Args:
        queries: `[num_queries, dim]` or `[num_queries, heads, dim]`, any float dtype.
        candidates: `[num_candidates, dim]`, any float dtype.

    Raises:
        ArgumentError: If the ranks or the last dimensions do not fit.

    Example:
        >>> import numpy as np
        >>> float(pairwise_scores(np.float32([[1, 2]]), np.float32([[3, 4]]))[0, 0])
        11.0

    Reference: Li et al., "Multi-Interest Network with Dynamic Routing for Recommendation at Tmall", CIKM
        2019, for queries of several heads.
    """
    check_shapes(queries, candidates)
    queries, candidates = ops.cast(queries, "float32"), ops.cast(candidates, "float32")  # float16 overflows
    products = ops.matmul(queries, ops.transpose(candidates))
    if len(products.shape) == 2:
        return products
    if products.shape[0] == 0:  # Keras refuses the maximum of an empty tensor
        return products[:, 0]
    return ops.max(products, axis=1)


def per_query_scores(queries: Tensor, candidates: Tensor) -> Tensor:
    """Return float32 dot products of queries with candidates of their own, `[num_queries, num_candidates]`.

    Args:
        queries: `[num_queries, dim]` or `[num_queries, heads, dim]`, any float dtype.
        candidates: `[num_queries, num_candidates, dim]`, any float dtype.

    Raises:
        ArgumentError: If the ranks or dimensions do not fit.

    Example:
        >>> import numpy as np
        >>> np.asarray(per_query_scores(np.float32([[1, 2]]), np.float32([[[3, 4], [5, 6]]]))).tolist()
        [[11.0, 17.0]]
    """
    _check_ranks(queries, candidates, "[num_queries, num_candidates, dim]", 3)
    queries, candidates = ops.cast(queries, "float32"), ops.cast(candidates, "float32")
    queries = queries if len(queries.shape) == 3 else ops.expand_dims(queries, 1)
    return ops.max(ops.matmul(queries, ops.transpose(candidates, (0, 2, 1))), axis=1)


def true_scores(queries: Tensor, candidates: Tensor) -> Tensor:
    """Return the float32 score of each query with the candidate of its own row, `[num_queries]`.

    Args:
        queries: `[num_queries, dim]` or `[num_queries, heads, dim]`.
        candidates: `[num_queries, dim]`.

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
    """Raise ArgumentError unless shapes are `[num_queries, (heads,) dim]` and `[num_candidates, dim]`."""
    _check_ranks(queries, candidates, "[num_candidates, dim]", 2)


def _check_ranks(queries: Tensor, candidates: Tensor, expected: str, rank: int) -> None:
    if len(queries.shape) not in (2, 3):
        got, fix = tuple(queries.shape), "A dimension too many often means that data was batched twice"
        shapes = "have shape [num_queries, dim] or [num_queries, heads, dim]"
        raise ArgumentError(must("queries", shapes, got=got, fix=fix))
    if len(candidates.shape) != rank:
        got, fix = tuple(candidates.shape), "A dimension too many often means that data was batched twice"
        raise ArgumentError(must("candidates", f"have shape {expected}", got=got, fix=fix))
    dims = queries.shape[-1], candidates.shape[-1]
    if None not in dims and dims[0] != dims[1]:
        fix = "Give both towers the same output size"
        raise ArgumentError(must("queries and candidates", "have equal last dimensions", got=dims, fix=fix))


def unit_vectors(vectors: Any) -> Any:
    """Return vectors scaled to length 1; a zero vector stays zero.

    Each vector is divided by its largest magnitude first, so that squares neither overflow nor vanish.

    Args:
        vectors: `[..., dim]`, float32: a NumPy array or a tensor.

    Returns:
        `[..., dim]`, as it came: a NumPy array or a tensor.

    Example:
        >>> import numpy as np
        >>> unit_vectors(np.float32([[3e30, 4e30], [0, 0]])).astype("float64").round(3).tolist()
        [[0.6, 0.8], [0.0, 0.0]]
    """
    namespace: Any = np if isinstance(vectors, np.ndarray) else ops
    largest = namespace.max(namespace.abs(vectors), axis=-1, keepdims=True)
    # Twice by the root: XLA multiplies by reciprocals, and that of 3e38 is too small for it.
    root = namespace.sqrt(namespace.where(largest > 0, largest, 1.0))
    scaled = vectors / root / root
    squares = namespace.sum(namespace.square(scaled), axis=-1, keepdims=True)
    return scaled / namespace.sqrt(
        namespace.where(largest > 0, squares, 1.0)
    )  # the gradient of sqrt(0) is NaN
