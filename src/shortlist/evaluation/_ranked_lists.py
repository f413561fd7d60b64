"""Request one ranked list per test user and find the test items in it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from shortlist.data import Histories, Interactions
from shortlist.data._checks import row_name
from shortlist.data._interactions import check_is_interactions
from shortlist.errors import DataError, must
from shortlist.evaluation._lists import check_lists, metrics_of_ranks, ranks_in_lists
from shortlist.ids import arrow_id_kind, encode_ids
from shortlist.metrics import RankingMetric
from shortlist.typing import ArrayLike, ItemId

__all__ = ["Answers", "Recommend", "ask"]

_WEIGHT = "sample_weight"
_PADDING = {"str": "", "bytes": b"", "int64": -1}


class Recommend(Protocol):
    """Recommender: a function from user ids to ranked lists of item ids."""

    def __call__(self, user_ids: np.ndarray, k: int, exclude: list[np.ndarray] | None) -> ArrayLike:
        """Return item ids `[U, k]`, best first, padded with None, an empty id or -1.

        Args:
            user_ids: `[U]`, distinct ids.
            k: List length.
            exclude: Item ids not to recommend, one array per user, or None.
        """


@dataclass(frozen=True)
class Answers:
    """Rank of each test row's item in its user's list, and counts of recommended items.

    Args:
        ranks: float64 `[N]`, from 1; infinity if the item was not recommended.
        users: int `[N]`, user code of each row.
        items: int `[N]`, item code of each row.
        recommended: For each k, how often each id is in the top k of all lists.
        weights: float64 `[N]`, weight of each row; None for equal weights.
    """

    ranks: np.ndarray
    users: np.ndarray
    items: np.ndarray
    recommended: dict[int, Counter[ItemId]]
    weights: np.ndarray | None = None

    def measure(self, k: int, metrics: Sequence[str | RankingMetric], average: str) -> dict[str, float]:
        """Return metrics averaged over test rows or users, under names such as `recall_at_10`.

        Args:
            k: Cutoff.
            metrics: Names of metrics.
            average: `"row"`: each row is a query with one true item. `"user"`: each user is a query, all of
                whose items are true; its weight is the mean of its rows with positive weight.
        """
        ranks, queries, weights = self._by_row() if average == "row" else self._by_user()
        values = metrics_of_ranks(ranks, queries, k, metrics)
        return {
            f"{measure}_at_{k}": float(np.average(value, weights=weights))
            for measure, value in values.items()
        }

    def _by_row(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        return self.ranks, np.arange(len(self.ranks)), self.weights

    def _by_user(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        weights = np.ones(len(self.ranks)) if self.weights is None else self.weights
        counted = weights > 0
        users, items, ranks = self.users[counted], self.items[counted], self.ranks[counted]
        _, users = np.unique(users, return_inverse=True)
        mean_weights = np.bincount(users, weights[counted]) / np.bincount(users)
        # Repeated items of a user are one true item.
        _, rows = np.unique(users * (items.max() + 1) + items, return_index=True)
        return ranks[rows], users[rows], mean_weights


def ask(
    recommend: Recommend,
    test: Interactions,
    *,
    ks: Sequence[int],
    excluded: Histories | None = None,
    weighted: bool = True,
    batch_size: int = 512,
) -> Answers:
    """Request one list per test user and find the user's test items in it.

    Args:
        recommend: Recommender.
        test: N held-out rows.
        ks: Cutoffs; lists have the largest as length.
        excluded: Items not to recommend to each user.
        weighted: Whether a column `sample_weight` of `test` weighs its rows.
        batch_size: Number of users per call of `recommend`.

    Raises:
        ArgumentError: If `test` is not `Interactions`, or lists have another shape or kind of id.
        DataError: If a test item has the id used as padding, or a weight is invalid.
    """
    check_is_interactions(test, "test")
    weights = _weights(test) if weighted else None
    (users, user_ids), (items, item_ids) = (encode_ids(test.table[name]) for name in (test.user, test.item))
    kind = str(arrow_id_kind(test.table[test.item].type))
    _check_items(test, item_ids, kind)
    ranks, recommended = np.empty(len(test)), {k: Counter[ItemId]() for k in ks}
    for start, rows in _batches(users, batch_size):
        batch = user_ids[start : start + batch_size]
        banned = None if excluded is None else excluded.items_of(batch)
        lists = check_lists(recommend(batch, max(ks), banned), len(batch), max(ks), kind)
        ranks[rows] = ranks_in_lists(lists, users[rows] - start, item_ids[items[rows]])
        for k, seen in recommended.items():
            seen.update(lists[:, :k].ravel().tolist())
    for seen in recommended.values():
        for padding in (None, _PADDING[kind]):
            del seen[padding]
    return Answers(ranks, users.astype(np.int64), items, recommended, weights)


def _weights(test: Interactions) -> np.ndarray | None:
    if _WEIGHT not in test.columns:
        return None
    column = test.column(_WEIGHT)
    try:
        weights = np.asarray(column, np.float64)
    except (TypeError, ValueError):
        weights = np.full(len(test), np.nan)
    is_invalid = ~np.isfinite(weights) | (weights < 0)
    if is_invalid.any() or not weights.any():
        row = int(is_invalid.argmax())
        got = f"{column[row]!r} in {row_name(row)}" if is_invalid.any() else "0 in all rows"
        fix = "Pass weighted=False to count all rows the same"
        raise DataError(must(f"test: column {_WEIGHT!r}", "be finite and >= 0", got=got, fix=fix))
    return weights


def _batches(users: np.ndarray, batch_size: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the first user of each batch and the test rows of its users."""
    order = np.argsort(users, kind="stable")
    bounds = np.concatenate([[0], np.cumsum(np.bincount(users))])
    for start in range(0, len(bounds) - 1, batch_size):
        stop = min(start + batch_size, len(bounds) - 1)
        yield start, order[bounds[start] : bounds[stop]]


def _check_items(test: Interactions, item_ids: np.ndarray, kind: str) -> None:
    if _PADDING[kind] in set(item_ids.tolist()):
        requirement = f"not hold the id {_PADDING[kind]!r}, which is the padding of lists"
        raise DataError(must(f"column {test.item!r} of test", requirement, fix="Give that item another id"))
