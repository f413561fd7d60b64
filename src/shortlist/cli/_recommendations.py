"""What users liked, and what an index recommends to them, by title."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

import numpy as np
from rich import box
from rich.markup import escape
from rich.table import Table

from shortlist.data import Dataset, Histories, Interactions
from shortlist.indexes import Index
from shortlist.typing import ItemId

__all__ = ["recommendation_tables", "users_with_likes"]

_LIKED = 4
"""The lowest rating, of 1 to 5, of what a user likes."""


def recommendation_tables(
    index: Index,
    dataset: Dataset,
    train: Interactions,
    users: np.ndarray,
    *,
    num_titles: int = 5,
) -> Iterator[Table]:
    """Set users' latest likes next to what is recommended to them.

    Args:
        index: Takes user ids.
        dataset: Has the titles of the items.
        train: What the users met, with ratings; none of it is recommended again.
        users: Whom to recommend to.
        num_titles: How many titles of each sort.

    Yields:
        One table a user.
    """
    liked, seen = _liked(train), Histories.from_interactions(train).items_of(users)
    _, recommended = index(users, k=num_titles, exclude=seen)
    titles = _titles(dataset)
    for user, likes, items in zip(users, liked.items_of(users), recommended, strict=True):
        yield _table(user, _named(titles, likes[-num_titles:]), _named(titles, items))


def users_with_likes(
    train: Interactions, test: Interactions, *, num_users: int = 3, num_titles: int = 5
) -> np.ndarray:
    """Choose users whose taste can be seen.

    Args:
        train: What the users met, with ratings.
        test: Users are taken from here, in order, those first who like enough things.
        num_users: How many users.
        num_titles: How many likes are enough.

    Returns:
        `[num_users]` ids, or fewer where there are no more.
    """
    users = np.array(list(dict.fromkeys(test.users.tolist())), dtype=test.users.dtype)
    has_few = _liked(train).lengths(users) < num_titles
    return users[np.argsort(has_few, kind="stable")][:num_users]


def _liked(train: Interactions) -> Histories:
    return Histories.from_interactions(train.take(train.ratings >= _LIKED))


def _titles(dataset: Dataset) -> dict[ItemId, str]:
    ids = dataset.items[dataset.interactions.item].to_pylist()
    return dict(zip(ids, dataset.items[dataset.title or dataset.interactions.item].to_pylist(), strict=True))


def _named(titles: Mapping[ItemId, str], items: np.ndarray) -> list[str]:
    """The items' titles, whose brackets are no markup; an empty place of a list has none."""
    return [escape(str(titles[item])) for item in items.tolist() if item in titles]


def _table(user: ItemId, liked: Sequence[str], recommended: Sequence[str]) -> Table:
    table = Table(
        "liked last", "recommended", title=escape(f"user {user!s}"), title_justify="left", box=box.SIMPLE_HEAD
    )
    for pair in zip_longest(liked, recommended, fillvalue=""):
        table.add_row(*pair)
    return table
