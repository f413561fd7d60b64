"""Products of vectors with groups of rows of a large table, on PyTorch."""

from typing import Any

import torch

from shortlist.typing import Tensor

__all__ = ["grouped_products"]


def grouped_products(table: Any, groups: Tensor, vectors: Tensor) -> Tensor:
    """The best product of each vector's heads with every row of its group.

    Args:
        table: `[num_groups, size, dim]`, float32 or int8, a tensor or a variable of the backend.
        groups: `[n]`, int32, in ascending order, so that those that are one lie together.
        vectors: `[n, heads, dim]`, float32.

    Returns:
        `[n, size]`, float32.
    """
    distinct, counts = torch.unique_consecutive(groups, return_counts=True)
    products = vectors.new_empty((len(groups), table.shape[1]))
    first = 0
    for group, count in zip(distinct.tolist(), counts.tolist(), strict=True):
        own = vectors[first : first + count]
        scores = own.reshape(-1, own.shape[2]) @ table[group].float().T
        products[first : first + count] = scores.reshape(count, own.shape[1], -1).amax(dim=1)
        first += count
    return products
