"""The items of each user, oldest first."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shortlist.data._interactions import Interactions, check_is_interactions
from shortlist.errors import ArgumentError, must
from shortlist.ids import PADDING, IdKind, Vocabulary, arrow_id_kind, as_array, encode_ids
from shortlist.typing import ArrayLike

__all__ = ["Histories"]


@dataclass(frozen=True, eq=False, repr=False)
class Histories:
    """Hold the items of all users in one array, oldest first.

    Items follow the time of the interactions, or the order of the rows if there is no time. Repeated items
    are kept. Unknown users have an empty history.

    Args:
        user_ids: Known users `[U]`, object or int64.
        user_kind: `"str"`, `"bytes"` or `"int64"`.
        offsets: int64 `[U + 1]`; the items of user u are at offsets[u] to offsets[u + 1].
        item_ids: Distinct items `[I]`, object or int64.
        item_kind: `"str"`, `"bytes"` or `"int64"`.
        item_codes: int32 `[N]`, indices into `item_ids`.

    Example:
        >>> data = {"u": ["ann", "bob", "ann"], "i": [7, 7, 9], "t": [20, 10, 10]}
        >>> data = Interactions.from_table(data, user="u", item="i", timestamp="t")
        >>> histories = Histories.from_interactions(data)
        >>> [items.tolist() for items in histories.items_of(["ann", "eve"])]
        [[9, 7], []]
        >>> histories.padded(["bob", "ann"]).tolist()
        [[7, -1], [9, 7]]
    """

    user_ids: np.ndarray
    user_kind: IdKind
    offsets: np.ndarray
    item_ids: np.ndarray
    item_kind: IdKind
    item_codes: np.ndarray

    @classmethod
    def from_interactions(cls, interactions: Interactions) -> "Histories":
        """Collect the items of every user.

        Raises:
            ArgumentError: If `interactions` is not an `Interactions`.
        """
        check_is_interactions(interactions, "interactions")
        users, items = interactions.table[interactions.user], interactions.table[interactions.item]
        user_codes, user_ids = encode_ids(users)
        item_codes, item_ids = encode_ids(items)
        if interactions.timestamp is None:
            order = np.argsort(user_codes, kind="stable")
        else:
            order = np.lexsort((interactions.timestamps, user_codes))
        offsets = np.concatenate([[0], np.cumsum(np.bincount(user_codes))])
        user_kind, item_kind = arrow_id_kind(users.type), arrow_id_kind(items.type)
        assert user_kind is not None
        assert item_kind is not None
        return cls(user_ids, user_kind, offsets, item_ids, item_kind, item_codes[order])

    def lengths(self, user_ids: ArrayLike) -> np.ndarray:
        """Return the number of items of each user, int64 `[B]`.

        Args:
            user_ids: `[B]`, ids of the kind in the interactions.

        Raises:
            ArgumentError: If the ids have another rank.
            FeatureError: If the ids are of another kind.
        """
        starts, ends = self._bounds(user_ids)
        return ends - starts

    def items_of(self, user_ids: ArrayLike) -> list[np.ndarray]:
        """Return the item ids of each user, oldest first; none for unknown users.

        Args:
            user_ids: `[B]`, ids of the kind in the interactions.

        Raises:
            ArgumentError: If the ids have another rank.
            FeatureError: If the ids are of another kind.
        """
        starts, ends = self._bounds(user_ids)
        slices = zip(starts.tolist(), ends.tolist(), strict=True)
        return [self.item_ids[self.item_codes[start:end]] for start, end in slices]

    def padded(self, user_ids: ArrayLike, max_length: int | None = None) -> np.ndarray:
        """Return the items of each user as one array, oldest first, padded at the end.

        Args:
            user_ids: `[B]`, ids of the kind in the interactions.
            max_length: Width L of the result, which keeps only the latest L items of a user; the longest of
                these histories by default.

        Returns:
            `[B, L]`, object or int64, padded with `""`, `b""` or -1. If an item has such an id itself,
            `lengths` tells the two apart.

        Raises:
            ArgumentError: If the ids have another rank, or `max_length` is below 1.
            FeatureError: If the ids are of another kind.
        """
        if max_length is not None and max_length < 1:
            raise ArgumentError(must("max_length", "be >= 1", got=max_length))
        starts, ends = self._bounds(user_ids)
        width = int((ends - starts).max(initial=0)) if max_length is None else max_length
        starts = np.maximum(starts, ends - width)
        items = np.full((len(starts), width), PADDING[self.item_kind], dtype=self.item_ids.dtype)
        # Positions of the items only: most of the result is padding.
        lengths = ends - starts
        position = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        codes = self.item_codes[position + np.repeat(starts, lengths)]
        items[np.repeat(np.arange(len(starts)), lengths), position] = self.item_ids[codes]
        return items

    def __len__(self) -> int:
        return len(self.user_ids)

    def __repr__(self) -> str:
        return f"Histories({len(self)} users, {len(self.item_codes)} items)"

    @cached_property
    def _users(self) -> Vocabulary:
        return Vocabulary(self.user_ids)

    def _bounds(self, user_ids: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        ids = as_array(user_ids)
        if ids.ndim != 1:
            raise ArgumentError(must("user_ids", "be a list of ids", got=f"shape {ids.shape}"))
        rows = self._users.rows(ids) - 1
        # Unknown users begin and end at the first item: an empty history.
        is_known = rows >= 0
        return np.where(is_known, self.offsets[rows], 0), np.where(is_known, self.offsets[rows + 1], 0)
