"""Where a chunk of logits holds positives, on PyTorch: lists of places, as long as there are positives."""

from typing import NamedTuple

import torch

from shortlist.typing import Tensor

__all__ = ["PositiveMask"]


class PositiveMask:
    """The places of a batch's logits that hold a positive of the row's query.

    Place `(i, j)` is one when some example of query `row_queries[i]` has the item `column_items[j]`. Queries
    and items are codes in `[0, num_codes)`, equal exactly where the ids are.

    Args:
        queries: `[num_examples]`, int32, the query of each example.
        items: `[num_examples]`, int32, its item.
        row_queries: `[num_rows]`, the query of each row of the logits.
        column_items: `[num_columns]`, the item of each column.
        num_codes: How many codes there can be.
    """

    def __init__(
        self,
        queries: Tensor,
        items: Tensor,
        row_queries: Tensor,
        column_items: Tensor,
        num_codes: int,
    ) -> None:
        self._row_queries, column_items = row_queries.to(torch.long), column_items.to(torch.long)
        pairs = torch.unique(queries.to(torch.long) * num_codes + items)
        self._items_of = _groups(pairs % num_codes, pairs // num_codes, num_codes)
        self._columns_of = _groups(torch.argsort(column_items, stable=True), column_items, num_codes)

    def fill(self, chunk: Tensor, first: int, value: float) -> Tensor:
        """Rows of logits with a value at every place that holds a positive.

        Args:
            chunk: `[n, num_columns]`, float32.
            first: Number of its first row.
            value: What to put there.

        Returns:
            The chunk itself, changed.
        """
        rows = torch.arange(chunk.shape[0], device=chunk.device)
        rows, items = self._items_of.members(rows, self._row_queries[first : first + len(rows)])
        rows, columns = self._columns_of.members(rows, items)
        chunk[rows, columns] = value
        return chunk


class _Groups(NamedTuple):
    """Lists of members, one after another."""

    all_members: Tensor
    starts: Tensor
    sizes: Tensor

    def members(self, rows: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
        """The members of each row's group, with the row once for each of them."""
        sizes = self.sizes[groups]
        shift = self.starts[groups] - (sizes.cumsum(0) - sizes)
        slots = torch.arange(int(sizes.sum()), device=sizes.device) + torch.repeat_interleave(shift, sizes)
        return torch.repeat_interleave(rows, sizes), self.all_members[slots]


def _groups(members: Tensor, group_of_each: Tensor, num_groups: int) -> _Groups:
    """Groups of members that stand in the order of their groups, which are numbered from 0."""
    sizes = torch.bincount(group_of_each, minlength=num_groups)
    return _Groups(members, sizes.cumsum(0) - sizes, sizes)
