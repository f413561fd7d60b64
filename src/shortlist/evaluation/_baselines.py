"""Baselines that ignore the user: popularity and chance."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shortlist.data import Interactions
from shortlist.errors import ArgumentError, must
from shortlist.ids import encode_ids
from shortlist.typing import ArrayLike

__all__ = ["Popularity", "Random"]


@dataclass(frozen=True, eq=False, repr=False)
class Popularity:
    """Recommend the most popular items to every user. Ties keep the order of first appearance in the data.

    Args:
        items: `[N]` items, most popular first.

    Example:
        >>> train = {"user": [1, 2, 2, 3], "film": ["Up", "Heat", "Up", "Alien"]}
        >>> train = Interactions.from_table(train, user="user", item="film")
        >>> recommend = Popularity.from_interactions(train)
        >>> recommend(np.array([1, 2]), k=2).tolist()
        [['Up', 'Heat'], ['Up', 'Heat']]
        >>> recommend(np.array([1, 2]), k=2, exclude=[["Up"], ["Up", "Heat"]]).tolist()
        [['Heat', 'Alien'], ['Alien', '']]
    """

    items: np.ndarray

    @classmethod
    def from_interactions(cls, interactions: Interactions) -> "Popularity":
        """Return the baseline that counts interactions per item."""
        codes, ids = encode_ids(interactions.table[interactions.item])
        return cls(ids[np.argsort(-np.bincount(codes), kind="stable")])

    def __call__(self, user_ids: ArrayLike, k: int, exclude: Sequence[ArrayLike] | None = None) -> np.ndarray:
        """Return `[U, k]` item ids, best first, padded with an empty id or -1.

        Args:
            user_ids: `[U]`, any ids.
            k: List length, >= 1.
            exclude: Item ids not to recommend, one list per user; unknown ids are ignored.

        Raises:
            ArgumentError: If `k` is below 1 or the number of lists is wrong.
        """
        excluded = self._catalog.excluded(exclude, len(user_ids))
        heads = (np.arange(min(len(self.items), k + len(numbers))) for numbers in excluded)
        return self._catalog.lists(heads, excluded, k)

    def __repr__(self) -> str:
        return f"Popularity({len(self.items)} items)"

    @cached_property
    def _catalog(self) -> "_Catalog":
        return _Catalog(self.items)


@dataclass(frozen=True, eq=False, repr=False)
class Random:
    """Recommend items drawn uniformly at random. The list of a user depends only on the seed and the user.

    Args:
        items: `[N]` items.
        seed: Random seed.

    Example:
        >>> train = {"user": [1, 2, 2, 3], "film": ["Up", "Heat", "Up", "Alien"]}
        >>> train = Interactions.from_table(train, user="user", item="film")
        >>> Random.from_interactions(train)(np.array([1, 2]), k=2).shape
        (2, 2)
    """

    items: np.ndarray
    seed: int = 0

    @classmethod
    def from_interactions(cls, interactions: Interactions, seed: int = 0) -> "Random":
        """Return the baseline over the items of the interactions."""
        return cls(encode_ids(interactions.table[interactions.item])[1], seed)

    def __call__(self, user_ids: ArrayLike, k: int, exclude: Sequence[ArrayLike] | None = None) -> np.ndarray:
        """Return `[U, k]` item ids, padded with an empty id or -1.

        Args:
            user_ids: `[U]`, any ids.
            k: List length, >= 1.
            exclude: Item ids not to recommend, one list per user; unknown ids are ignored.

        Raises:
            ArgumentError: If `k` is below 1 or the number of lists is wrong.
        """
        excluded = self._catalog.excluded(exclude, len(user_ids))
        users = np.asarray(user_ids).tolist()
        drawn = (self._draw(user, k + len(numbers)) for user, numbers in zip(users, excluded, strict=True))
        return self._catalog.lists(drawn, excluded, k)

    def __repr__(self) -> str:
        return f"Random({len(self.items)} items, seed={self.seed})"

    def _draw(self, user: str | bytes | int, size: int) -> np.ndarray:
        # One generator per user, so that no list depends on the other users of the batch.
        name = user if isinstance(user, bytes) else str(user).encode()
        generator = np.random.default_rng([self.seed, zlib.crc32(name)])
        return generator.choice(len(self.items), min(len(self.items), size), replace=False)

    @cached_property
    def _catalog(self) -> "_Catalog":
        return _Catalog(self.items)


@dataclass(frozen=True, eq=False)
class _Catalog:
    """Items by code, and lists of them without excluded items."""

    items: np.ndarray

    def excluded(self, exclude: Sequence[ArrayLike] | None, num_users: int) -> list[np.ndarray]:
        """Return the codes of the known excluded items of each user."""
        if exclude is None:
            return [np.empty(0, np.int64)] * num_users
        if len(exclude) != num_users:
            raise ArgumentError(must("exclude", f"hold {num_users} lists, one per user", got=len(exclude)))
        return [self._numbers(ids) for ids in exclude]

    def lists(self, candidates: Iterable[np.ndarray], excluded: list[np.ndarray], k: int) -> np.ndarray:
        """Return ids `[U, k]`: the first k candidates of each row that are not excluded."""
        if k < 1:
            raise ArgumentError(must("k", "be >= 1", got=k))
        padding = -1 if self.items.dtype != object else type(self.items[0])()
        lists = np.full((len(excluded), k), padding, dtype=self.items.dtype)
        for row, numbers, banned in zip(lists, candidates, excluded, strict=True):
            allowed = numbers[~np.isin(numbers, banned)][:k]
            row[: len(allowed)] = self.items[allowed]
        return lists

    def _numbers(self, ids: ArrayLike) -> np.ndarray:
        known = {self._number_of[one] for one in np.asarray(ids).tolist() if one in self._number_of}
        return np.fromiter(known, dtype=np.int64, count=len(known))

    @cached_property
    def _number_of(self) -> dict[str | bytes | int, int]:
        return {one: number for number, one in enumerate(self.items.tolist())}
