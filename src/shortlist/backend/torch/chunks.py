"""Work on many rows in pieces that fit a cache, on PyTorch."""

from collections.abc import Callable
from typing import Any

import torch

from shortlist.typing import Tensor

__all__ = ["add_at_rows", "any_by_code", "over_chunks"]


def over_chunks(step: Callable[..., Any], carry: Any, rows: dict[str, Tensor], size: Tensor | int) -> Any:
    """Work through rows a chunk at a time.

    Args:
        step: Takes the carry, a chunk of the rows by name and the number of its first row; returns the next
            carry and an output of as many rows.
        carry: A tuple of tensors.
        rows: By name, `[num_rows, ...]`.
        size: Rows a chunk; the last one may be smaller.

    Returns:
        The last carry, and the outputs one after another, `[num_rows, ...]`.
    """
    num_rows, size = next(iter(rows.values())).shape[0], int(size)
    outputs = []
    for first in range(0, num_rows, size):
        chunk = {name: part[first : first + size] for name, part in rows.items()}
        carry, output = step(carry, chunk, first)
        outputs.append(output)
    return carry, torch.cat(outputs)


def any_by_code(flags: Tensor, codes: Tensor, asked: Tensor) -> Tensor:
    """For each column of flags, whether one is set among the rows of a code.

    `answer[c, j] = any_r (flags[r, c] and codes[r] == asked[j])`

    Args:
        flags: `[num_rows, num_columns]`, bool.
        codes: `[num_rows]`, int32, in `[0, num_asked)`.
        asked: `[num_asked]`, int32, in `[0, num_asked)`.

    Returns:
        `[num_columns, num_asked]`, bool.
    """
    counts = torch.zeros(asked.shape[0], flags.shape[1], device=flags.device)
    counts.index_add_(0, codes.to(torch.long), flags.to(counts.dtype))
    return (counts > 0)[asked.to(torch.long)].T


def add_at_rows(matrix: Tensor, rows: Tensor, values: Tensor) -> Tensor:
    """A matrix with `values[i]` added to row `rows[i]`.

    Args:
        matrix: `[num_rows, dim]`.
        rows: `[n]`, int32, distinct.
        values: `[n, dim]`.

    Returns:
        `[num_rows, dim]`.
    """
    return matrix.index_add(0, rows.to(torch.long), values)
