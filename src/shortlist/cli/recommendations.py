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

__all__ = ["recommendation_tables"]

_LIKED = 4
"""The lowest rating, of 1 to 5, of what a user likes."""


def recommendation_tables(
    index: Index,
    dataset: Dataset,
    train: Interactions,
    test: Interactions,
    *,
    num_users: int = 3,
    num_titles: int = 5,
) -> Iterator[Table]:
    """Set users' latest likes beside what is recommended to them.

    Args:
        index: Takes user ids.
        dataset: Has the titles of the items.
        train: What the users met, with ratings; none of it is recommended again.
        test: Users are taken from here, in order, those first who like enough things to see their taste.
        num_users: How many users.
        num_titles: How many titles of each sort.

    Yields:
        One table a user.
    """
    liked = Histories.from_interactions(train.take(train.ratings >= _LIKED))
    users = _with_likes(test, liked, num_titles)[:num_users]
    seen = Histories.from_interactions(train).items_of(users)
    _, recommended = index(users, k=num_titles, exclude=seen)
    titles = _titles(dataset)
    for user, likes, items in zip(users, liked.items_of(users), recommended, strict=True):
        yield _table(user, _named(titles, likes[-num_titles:]), _named(titles, items))


def _with_likes(test: Interactions, liked: Histories, num_titles: int) -> np.ndarray:
    """The test users, those with many likes first."""
    users = np.array(list(dict.fromkeys(test.users.tolist())), dtype=test.users.dtype)
    has_few = liked.lengths(users) < num_titles
    return users[np.argsort(has_few, kind="stable")]


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
