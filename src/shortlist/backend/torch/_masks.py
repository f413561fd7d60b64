"""Masks of logits and scores in PyTorch, kept as lists of the masked slots."""

import math
from typing import NamedTuple

import torch

from shortlist.typing import Tensor

__all__ = ["ExclusionMask", "PositiveMask"]


class PositiveMask:
    def __init__(
        self,
        queries: Tensor,
        items: Tensor,
        row_queries: Tensor,
        column_items: Tensor,
        num_codes: Tensor | int,
    ) -> None:
        num_codes = int(num_codes)
        self._row_queries, column_items = row_queries.to(torch.long), column_items.to(torch.long)
        pairs = torch.unique(queries.to(torch.long) * num_codes + items)
        self._items_of = _grouped(pairs % num_codes, pairs // num_codes, num_codes)
        self._columns_of = _grouped(torch.argsort(column_items, stable=True), column_items, num_codes)

    def fill(self, chunk: Tensor, first: Tensor | int, value: float) -> Tensor:
        rows = torch.arange(chunk.shape[0], device=chunk.device)
        rows, items = self._items_of.members(rows, self._row_queries[first : first + len(rows)])
        rows, columns = self._columns_of.members(rows, items)
        chunk[rows, columns] = value
        return chunk


class _Groups(NamedTuple):
    """Members of all groups, concatenated; group `g` starts at `starts[g]` and has `sizes[g]` members."""

    all_members: Tensor
    starts: Tensor
    sizes: Tensor

    def members(self, rows: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
        """Return the members of each row's group, and the row repeated for each of them."""
        sizes = self.sizes[groups]
        shift = self.starts[groups] - (sizes.cumsum(0) - sizes)
        slots = torch.arange(int(sizes.sum()), device=sizes.device) + torch.repeat_interleave(shift, sizes)
        return torch.repeat_interleave(rows, sizes), self.all_members[slots]


def _grouped(members: Tensor, group_of_each: Tensor, num_groups: int) -> _Groups:
    """Return the groups of members that are sorted by group."""
    sizes = torch.bincount(group_of_each, minlength=num_groups)
    return _Groups(members, sizes.cumsum(0) - sizes, sizes)


class ExclusionMask:
    def __init__(self, columns: Tensor) -> None:
        self._rows, slots = torch.nonzero(columns >= 0, as_tuple=True)
        self._columns = columns[self._rows, slots].to(torch.long)

    def fill(self, tile: Tensor, first: Tensor | int) -> Tensor:
        columns = self._columns - first
        is_here = (columns >= 0) & (columns < tile.shape[1])
        tile[self._rows[is_here], columns[is_here]] = -math.inf
        return tile
