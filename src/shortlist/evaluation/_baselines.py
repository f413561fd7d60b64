"""Recommenders that know nothing of a user: what every model must beat."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shortlist.data import Interactions
from shortlist.errors import ArgumentError
from shortlist.ids import encode_ids
from shortlist.typing import ArrayLike

__all__ = ["Popularity", "Random"]


@dataclass(frozen=True, eq=False, repr=False)
class Popularity:
    """Recommends what most interactions were with, the same to every user.

    Items with as many interactions stand in the order of their first appearance in the data.

    Args:
        items: The items [N], most popular first.

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
        """Count the interactions with each item.

        Args:
            interactions: The training part.

        Returns:
            The recommender.
        """
        codes, ids = encode_ids(interactions.table[interactions.item])
        return cls(ids[np.argsort(-np.bincount(codes), kind="stable")])

    def __call__(self, user_ids: ArrayLike, k: int, exclude: Sequence[ArrayLike] | None = None) -> np.ndarray:
        """Recommend k items to each user.

        Args:
            user_ids: [U], any ids.
            k: How many items, at least 1.
            exclude: For each user the ids that must not be recommended; unknown ones are ignored.

        Returns:
            [U, k] ids, best first; an empty id or -1 where fewer than k are allowed.

        Raises:
            ArgumentError: k is less than 1, or there is not one list for each user.
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
    """Recommends items drawn at random, each equally likely.

    A user gets the same list each time, whoever else is asked for.

    Args:
        items: The items [N].
        seed: The same seed gives the same lists.

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
        """Collect the items.

        Args:
            interactions: The training part.
            seed: The same seed gives the same lists.

        Returns:
            The recommender.
        """
        return cls(encode_ids(interactions.table[interactions.item])[1], seed)

    def __call__(self, user_ids: ArrayLike, k: int, exclude: Sequence[ArrayLike] | None = None) -> np.ndarray:
        """Recommend k items to each user.

        Args:
            user_ids: [U], any ids.
            k: How many items, at least 1.
            exclude: For each user the ids that must not be recommended; unknown ones are ignored.

        Returns:
            [U, k] ids; an empty id or -1 where fewer than k are allowed.

        Raises:
            ArgumentError: k is less than 1, or there is not one list for each user.
        """
        excluded = self._catalog.excluded(exclude, len(user_ids))
        users = np.asarray(user_ids).tolist()
        drawn = (self._draw(user, k + len(numbers)) for user, numbers in zip(users, excluded, strict=True))
        return self._catalog.lists(drawn, excluded, k)

    def __repr__(self) -> str:
        return f"Random({len(self.items)} items, seed={self.seed})"

    def _draw(self, user: str | bytes | int, size: int) -> np.ndarray:
        # A generator for each user, so that no list depends on the other users of the batch.
        name = user if isinstance(user, bytes) else str(user).encode()
        generator = np.random.default_rng([self.seed, zlib.crc32(name)])
        return generator.choice(len(self.items), min(len(self.items), size), replace=False)

    @cached_property
    def _catalog(self) -> "_Catalog":
        return _Catalog(self.items)


@dataclass(frozen=True, eq=False)
class _Catalog:
    """Items by number, and lists of them without those excluded."""

    items: np.ndarray

    def excluded(self, exclude: Sequence[ArrayLike] | None, num_users: int) -> list[np.ndarray]:
        """The numbers of the known items that each user must not get."""
        if exclude is None:
            return [np.empty(0, np.int64)] * num_users
        if len(exclude) != num_users:
            raise ArgumentError(f"exclude has {len(exclude)} lists for {num_users} users, expected one each.")
        return [self._numbers(ids) for ids in exclude]

    def lists(self, candidates: Iterable[np.ndarray], excluded: list[np.ndarray], k: int) -> np.ndarray:
        """The first k of each row of candidates that are not excluded: ids [U, k]."""
        if k < 1:
            raise ArgumentError(f"k is {k}, expected at least 1.")
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
