"""Work on many rows in pieces that fit a cache, on PyTorch."""

from collections.abc import Callable
from typing import Any

import torch

from shortlist.typing import Tensor

__all__ = ["scan_chunks"]


def scan_chunks(
    step: Callable[..., Any],
    carry: Any,
    rows: dict[str, Tensor],
    size: Tensor | int,
    dtypes: tuple[str, ...] = ("float32",),
    num_rows: Tensor | int | None = None,
) -> tuple[Any, tuple[Tensor, ...]]:
    """Work through rows a chunk at a time.

    Args:
        step: Takes the carry, a chunk of the rows by name and the number of its first row; returns the next
            carry and a tuple of outputs of as many rows.
        carry: A tuple of tensors.
        rows: By name, `[num_rows, ...]`.
        size: Rows a chunk; the last one may be smaller.
        dtypes: Of the outputs.
        num_rows: How many of the rows, from the first, are worked through; all when None.

    Returns:
        The last carry, and each output, one chunk after another, `[num_rows, ...]`.
    """
    del dtypes  # seen from what a step returns
    num_rows = next(iter(rows.values())).shape[0] if num_rows is None else int(num_rows)
    size = int(size)
    outputs = []
    for first in range(0, max(1, num_rows), size):
        chunk = {name: part[first : min(first + size, num_rows)] for name, part in rows.items()}
        carry, part = step(carry, chunk, first)
        outputs.append(part)
    return carry, tuple(map(torch.cat, zip(*outputs, strict=True)))
