"""Tables of what users liked and what an index recommends to them, by title."""

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
"""A user likes an item rated at least this, on a scale of 1 to 5."""


def recommendation_tables(
    index: Index,
    dataset: Dataset,
    train: Interactions,
    users: np.ndarray,
    *,
    num_titles: int = 5,
) -> Iterator[Table]:
    """Yield one table per user: latest likes next to recommendations.

    Args:
        index: Index queried with user ids.
        dataset: Source of item titles.
        train: Rated interactions; their items are not recommended again.
        users: User ids.
        num_titles: Number of rows per table.
    """
    liked, seen = _liked(train), Histories.from_interactions(train).items_of(users)
    _, recommended = index(users, k=num_titles, exclude=seen)
    titles = _titles(dataset)
    for user, likes, items in zip(users, liked.items_of(users), recommended, strict=True):
        yield _table(user, _named(titles, likes[-num_titles:]), _named(titles, items))


def users_with_likes(
    train: Interactions, test: Interactions, *, num_users: int = 3, num_titles: int = 5
) -> np.ndarray:
    """Choose users of `test`, those with at least `num_titles` likes in `train` first.

    Returns:
        Up to `num_users` ids.
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
    """Return the titles of items, escaped for rich; padding has no title."""
    return [escape(str(titles[item])) for item in items.tolist() if item in titles]


def _table(user: ItemId, liked: Sequence[str], recommended: Sequence[str]) -> Table:
    table = Table(
        "liked last", "recommended", title=escape(f"user {user!s}"), title_justify="left", box=box.SIMPLE_HEAD
    )
    for pair in zip_longest(liked, recommended, fillvalue=""):
        table.add_row(*pair)
    return table
