"""Asking a recommender for lists, user by user, and finding the test items in them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from shortlist.data import Histories, Interactions
from shortlist.data._arguments import check_is_interactions
from shortlist.errors import ArgumentError, DataError
from shortlist.evaluation._lists import check_lists, ranking_metrics, ranks_in_lists
from shortlist.ids import arrow_id_kind, encode_ids
from shortlist.typing import ArrayLike, ItemId

__all__ = ["Answers", "Recommend", "ask", "exclusions"]

_PADDING = {"str": "", "bytes": b"", "int64": -1}


class Recommend(Protocol):
    """What can be evaluated: a function from users to lists of item ids."""

    def __call__(self, user_ids: np.ndarray, k: int, exclude: list[np.ndarray] | None) -> ArrayLike:
        """Recommend to each user.

        Args:
            user_ids: [U], distinct ids.
            k: How many items.
            exclude: For each user the items not to recommend, or None.

        Returns:
            [U, k] ids, best first; None, an empty id or -1 where there are fewer.
        """


@dataclass(frozen=True)
class Answers:
    """Where each test row's item stands in its user's list, and what was recommended at all.

    Args:
        ranks: float64 [N], counted from 1; infinity where the item was not recommended.
        users: int [N], the number of each row's user.
        items: int [N], the number of each row's item.
        recommended: For each k the distinct ids in the first k places of all lists.
    """

    ranks: np.ndarray
    users: np.ndarray
    items: np.ndarray
    recommended: dict[int, set[ItemId | None]]

    def measure(self, k: int, metrics: Sequence[str], average: str) -> dict[str, float]:
        """Average metrics over the test rows, or over the users.

        Args:
            k: The number of places that count.
            metrics: Names of metrics.
            average: `"row"`: each row is a query with one true item; `"user"`: each user is one, and all his
                items are true.

        Returns:
            A number for each measure, under names such as `recall_at_10`.
        """
        ranks, queries = self._by_row() if average == "row" else self._by_user()
        values = ranking_metrics(ranks, queries, k, metrics)
        return {f"{measure}_at_{k}": float(value.mean()) for measure, value in values.items()}

    def _by_row(self) -> tuple[np.ndarray, np.ndarray]:
        return self.ranks, np.arange(len(self.ranks))

    def _by_user(self) -> tuple[np.ndarray, np.ndarray]:
        # A user who met an item twice has one true item.
        _, rows = np.unique(self.users * (self.items.max() + 1) + self.items, return_index=True)
        return self.ranks[rows], self.users[rows]


def ask(
    recommend: Recommend,
    test: Interactions,
    *,
    ks: Sequence[int],
    exclude: Interactions | None = None,
    batch_size: int = 512,
) -> Answers:
    """Get one list for each test user, and find the user's test items in it.

    Args:
        recommend: Makes the lists.
        test: N rows.
        ks: The numbers of places that will be evaluated; lists of the largest are asked for.
        exclude: Interactions whose items are not to be recommended to their users again, except test items.
        batch_size: How many users are asked for at once.

    Returns:
        The answers to the N rows.

    Raises:
        ArgumentError: `test` or `exclude` are no interactions, or the lists have another shape or kind of id.
        DataError: A test item has an id that stands for an empty place.
    """
    check_is_interactions(test, "test")
    (users, user_ids), (items, item_ids) = (encode_ids(test.table[name]) for name in (test.user, test.item))
    kind = str(arrow_id_kind(test.table[test.item].type))
    _check_items(test, item_ids, kind)
    ranks, recommended = np.empty(len(test)), {k: set[ItemId | None]() for k in ks}
    banned = exclusions(test, exclude)
    for start, rows in _batches(users, batch_size):
        batch = user_ids[start : start + batch_size]
        lists = check_lists(recommend(batch, max(ks), banned(batch)), len(batch), max(ks), kind)
        ranks[rows] = ranks_in_lists(lists, users[rows] - start, item_ids[items[rows]])
        for k, seen in recommended.items():
            seen.update(lists[:, :k].ravel().tolist())
    padding = {None, _PADDING[kind]}
    return Answers(
        ranks, users.astype(np.int64), items, {k: seen - padding for k, seen in recommended.items()}
    )


def exclusions(
    test: Interactions, exclude: Interactions | None
) -> Callable[[np.ndarray], list[np.ndarray] | None]:
    """Make the function that tells what must not be recommended to each user of a batch.

    A test item is never excluded for its user, even when the user met it in `exclude` too: it is what the
    list is asked for.

    Args:
        test: What is evaluated.
        exclude: Interactions whose items are not to be recommended to their users again.

    Returns:
        A function from users [B] to B arrays of ids, or to None where nothing is excluded.

    Raises:
        ArgumentError: The ids of `exclude` are of another kind than those of `test`.
    """
    if exclude is None:
        return lambda _: None
    check_is_interactions(exclude, "exclude")
    _check_kinds(test, exclude)
    seen, wanted = Histories.from_interactions(exclude), Histories.from_interactions(test)

    def items_of(user_ids: np.ndarray) -> list[np.ndarray]:
        pairs = zip(seen.items_of(user_ids), wanted.items_of(user_ids), strict=True)
        return [_without(items, set(true.tolist())) for items, true in pairs]

    return items_of


def _without(items: np.ndarray, true: set[ItemId]) -> np.ndarray:
    return items[[item not in true for item in items.tolist()]] if len(items) else items


def _batches(users: np.ndarray, batch_size: int) -> Iterator[tuple[int, np.ndarray]]:
    """The first user of each batch, and the test rows of its users."""
    order = np.argsort(users, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(users))])
    for start in range(0, len(bounds) - 1, batch_size):
        stop = min(start + batch_size, len(bounds) - 1)
        yield start, order[bounds[start] : bounds[stop]]


def _check_items(test: Interactions, item_ids: np.ndarray, kind: str) -> None:
    if _PADDING[kind] in set(item_ids.tolist()):
        raise DataError(
            f"test: column {test.item!r} holds the id {_PADDING[kind]!r}, which stands for an empty place "
            "in lists, so it cannot be evaluated. Give that item another id."
        )


def _check_kinds(test: Interactions, exclude: Interactions) -> None:
    for ours, theirs in ((test.user, exclude.user), (test.item, exclude.item)):
        kind = arrow_id_kind(test.table[ours].type)
        other = arrow_id_kind(exclude.table[theirs].type)
        if kind != other:
            raise ArgumentError(
                f"exclude: column {theirs!r} holds {other} ids, expected {kind} as column {ours!r} of test. "
                "Take both parts from one split, or cast one."
            )
