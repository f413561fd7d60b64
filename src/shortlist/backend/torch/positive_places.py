"""Where a chunk of logits holds positives, on PyTorch: lists of places, as long as there are positives."""

from typing import NamedTuple

import torch

from shortlist.typing import Tensor

__all__ = ["PositivePlaces"]


class PositivePlaces:
    """The places of a batch's logits that hold a positive of the row's query.

    Place `(i, j)` is one when `j == i`, when candidate j is the item of candidate i, or when the batch holds
    a row r of the same query as i whose candidate is the item of j.

    Args:
        num_candidates: Columns.
        candidate_codes: `[num_candidates]`, int32, in `[0, num_candidates)`, equal exactly where candidates
            are one item; each is an item of its own when None.
        query_codes: `[num_queries]`, int32, in `[0, num_queries)`, equal exactly where queries are; each is
            one of its own when None.
    """

    def __init__(
        self, num_candidates: int, candidate_codes: Tensor | None, query_codes: Tensor | None
    ) -> None:
        self._num_candidates = num_candidates
        self._items: _Groups | None = None
        self._pairs: _Groups | None = None
        if candidate_codes is not None:
            codes = candidate_codes.to(torch.long)
        elif query_codes is not None:
            codes = torch.arange(num_candidates, device=query_codes.device)
        else:
            return
        self._items = _groups(torch.argsort(codes, stable=True), codes, num_candidates)
        self._codes, self._queries = codes, query_codes
        if query_codes is not None:
            self._pairs = self._items_of_queries(query_codes.to(torch.long))

    def _items_of_queries(self, queries: Tensor) -> "_Groups":
        pairs = torch.unique(queries * self._num_candidates + self._codes[: len(queries)])
        return _groups(pairs % self._num_candidates, pairs // self._num_candidates, len(queries))

    def fill(self, chunk: Tensor, first: int, value: float) -> Tensor:
        """Rows of logits with a value at every place that holds a positive.

        Args:
            chunk: `[num_rows, num_candidates]`, float32.
            first: Number of its first row in the batch.
            value: What to put there.

        Returns:
            The chunk itself, changed.
        """
        rows, columns = self._places(chunk.shape[0], first, chunk.device)
        chunk[rows, columns] = value
        return chunk

    def _places(self, num_rows: int, first: int, device: torch.device) -> tuple[Tensor, Tensor]:
        rows = torch.arange(num_rows, device=device)
        if self._items is None:
            return rows, first + rows
        if self._pairs is None or self._queries is None:
            return self._items.members(rows, self._codes[first : first + num_rows])
        queries = self._queries[first : first + num_rows].to(torch.long)
        return self._items.members(*self._pairs.members(rows, queries))


class _Groups(NamedTuple):
    """Lists of members, one after another."""

    all_members: Tensor
    starts: Tensor
    sizes: Tensor

    def members(self, rows: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
        """The members of each row's group, with the row once for each of them."""
        sizes = self.sizes[groups]
        shift = self.starts[groups] - (sizes.cumsum(0) - sizes)
        places = torch.arange(int(sizes.sum()), device=sizes.device) + torch.repeat_interleave(shift, sizes)
        return torch.repeat_interleave(rows, sizes), self.all_members[places]


def _groups(members: Tensor, group_of_each: Tensor, num_groups: int) -> _Groups:
    """Groups of members that stand in the order of their groups, which are numbered from 0."""
    sizes = torch.bincount(group_of_each, minlength=num_groups)
    return _Groups(members, sizes.cumsum(0) - sizes, sizes)
