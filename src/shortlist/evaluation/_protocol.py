"""The protocol: one list for each test user, evaluated over the whole catalog."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from shortlist.data import Interactions
from shortlist.errors import ArgumentError
from shortlist.evaluation._arguments import check_recommender
from shortlist.evaluation._lists import METRICS
from shortlist.evaluation._ranked_lists import Answers, Recommend, ask

__all__ = ["Recommend", "check_protocol", "evaluate", "measure", "recommender"]

_AVERAGES = ("row", "user")


def evaluate(
    recommend: Recommend,
    test: Interactions,
    *,
    ks: Sequence[int] = (10, 100),
    exclude: Interactions | None = None,
    metrics: Sequence[str] = ("recall", "ndcg"),
    average: str = "row",
    batch_size: int = 512,
) -> dict[str, float]:
    """Evaluate lists of recommended ids by the items that users met afterwards.

    Each test user is asked for once. What counts is the list: an id that stands there twice counts at its
    first place, padding never counts, and both keep their place. The formulas are those of
    `lists.ranking_metrics`. With the average over rows, recall is the share of test rows whose item is in
    the first k places.

    Args:
        recommend: A function from user ids [U], k and exclusions (a list of U arrays of ids, or None) to ids
            [U, k], best first, filled up with None, an empty id or -1; fewer columns are shorter lists. See
            `recommender` for indexes.
        test: The interactions held out.
        ks: The numbers of places that count.
        exclude: Interactions, usually the training part, whose items must not be recommended to their users
            again. All test items of a user stay recommendable, even those the user met before too. In
            `TwoTower.evaluate(exclude=)` only the true item of the row in hand does, so the two differ where
            a user meets an item again.
        metrics: Any of `recall`, `precision`, `hit_rate`, `mrr`, `ndcg`, `map`.
        average: `"row"`: each test row is one query with one true item; `"user"`: each user is one query, and
            all his test items are true.
        batch_size: How many users are asked for at once.

    Returns:
        Numbers by name, such as `recall_at_10`.

    Raises:
        ArgumentError: An argument is out of its range or of another type, or lists have another
            shape or kind of id.
        DataError: A test item has an id that stands for an empty place.

    Example:
        >>> import shortlist as sl
        >>> test = {"user": ["ann", "ann", "bob"], "film": ["Up", "Heat", "Alien"]}
        >>> test = sl.data.Interactions.from_table(test, user="user", item="film")
        >>> def recommend(user_ids, k, exclude):
        ...     return [["Heat", "Brazil", "Alien"][:k] for user in user_ids]
        >>> evaluate(recommend, test, ks=(1, 3), metrics=("recall",))
        {'recall_at_1': 0.3333333333333333, 'recall_at_3': 0.6666666666666666}
        >>> evaluate(recommend, test, ks=(3,), metrics=("recall",), average="user")
        {'recall_at_3': 0.75}
    """
    check_recommender(recommend, "recommend")
    check_protocol(ks, metrics, average, batch_size)
    answers = ask(recommend, test, ks=ks, exclude=exclude, batch_size=batch_size)
    return measure(answers, ks, metrics, average)


def measure(answers: Answers, ks: Sequence[int], metrics: Sequence[str], average: str) -> dict[str, float]:
    """Average all metrics at all k.

    Args:
        answers: Where the test items stand.
        ks: The numbers of places that count.
        metrics: Names of metrics.
        average: `"row"` or `"user"`.

    Returns:
        Numbers by name, measure by measure.
    """
    by_k = [answers.measure(k, metrics, average) for k in ks]
    return {
        f"{name}_at_{k}": values[f"{name}_at_{k}"]
        for name in metrics
        for k, values in zip(ks, by_k, strict=True)
    }


def recommender(index: Any, queries: Callable[[np.ndarray], Any] | None = None) -> Recommend:
    """Make a recommender of an index.

    Args:
        index: Called as `index(queries, k=k, exclude=exclude)`, returns scores and ids.
        queries: Turns user ids [U] into what the index takes, such as a dictionary of their features. When
            None, the index takes user ids.

    Returns:
        A function to give to `evaluate` or `compare`.

    Example:
        >>> import shortlist as sl
        >>> index = sl.indexes.BruteForce().index(np.eye(2, dtype="float32"), ids=["Up", "Heat"])
        >>> tastes = {"ann": [1.0, 0.0], "bob": [0.0, 1.0]}
        >>> recommend = recommender(index, lambda users: np.float32([tastes[user] for user in users]))
        >>> recommend(np.array(["bob", "ann"]), 1, None).tolist()
        [['Heat'], ['Up']]
    """

    def recommend(user_ids: np.ndarray, k: int, exclude: list[np.ndarray] | None) -> np.ndarray:
        asked = user_ids if queries is None else queries(user_ids)
        _, ids = index(asked, k=k, exclude=exclude)
        return np.asarray(ids)

    return recommend


def check_protocol(ks: Sequence[int], metrics: Sequence[str], average: str, batch_size: int = 1) -> None:
    """Raise when lists cannot be evaluated so.

    Args:
        ks: The numbers of places that count.
        metrics: Names of metrics.
        average: `"row"` or `"user"`.
        batch_size: How many users are asked for at once.

    Raises:
        ArgumentError: An argument is out of its range.
    """
    if not ks or any(isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1 for k in ks):
        raise ArgumentError(f"ks came as {tuple(ks)!r}, expected whole numbers of at least 1.")
    if not metrics or not set(metrics) <= set(METRICS):
        raise ArgumentError(f"measures came as {tuple(metrics)!r}, expected some of {METRICS}.")
    if average not in _AVERAGES:
        raise ArgumentError(f"average is {average!r}, expected one of {_AVERAGES}.")
    if batch_size < 1:
        raise ArgumentError(f"batch_size is {batch_size}, expected at least 1.")
