"""Rows that stand several times in a batch, found by a hash and compared bit by bit; on PyTorch."""

import math
from collections.abc import Sequence

import torch

from shortlist.backend._unique_rows import UniqueRows, hash_multipliers
from shortlist.typing import Tensor

__all__ = ["UniqueRows", "unique_rows"]


def unique_rows(parts: Sequence[Tensor]) -> UniqueRows:
    """The distinct rows of a batch: two are one when all their parts are equal, bit by bit.

    Args:
        parts: `[n, ...]` each, float32 or int32, side by side.

    Returns:
        Where each distinct row stands, and which one each row is.
    """
    num_rows = len(parts[0])
    flat = (part.detach().reshape(num_rows, math.prod(part.shape[1:])) for part in parts)
    bits = torch.cat([part.view(torch.int32) for part in flat], dim=1)
    factors = torch.from_numpy(hash_multipliers(bits.shape[1]).view("int64")).to(bits.device)
    hashes, codes = torch.unique((bits.to(torch.long) * factors).sum(dim=1), return_inverse=True)
    rows = torch.arange(num_rows, device=bits.device)
    first = rows.new_full((len(hashes),), num_rows).scatter_reduce(0, codes, rows, "amin")
    if not torch.equal(bits[first[codes]], bits):
        first = codes = rows
    return UniqueRows(first.to(torch.int32), codes.to(torch.int32))
