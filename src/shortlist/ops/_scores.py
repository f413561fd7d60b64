"""Scores of every query against every candidate."""

from typing import Any

import numpy as np
from keras import ops

from shortlist.errors import ArgumentError
from shortlist.typing import Tensor

__all__ = ["check_shapes", "pairwise_scores", "true_scores", "unit_vectors"]


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
    length = namespace.sqrt(namespace.sum(namespace.square(scaled), axis=-1, keepdims=True))
    return scaled / namespace.where(largest > 0, length, 1.0)
