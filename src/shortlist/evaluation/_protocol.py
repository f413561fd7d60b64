"""Offline evaluation protocol: one ranked list per test user over the full catalog."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from shortlist.data import Histories, Interactions
from shortlist.data._exclusions import exclusions, repeats_warning
from shortlist.data._interactions import check_is_interactions
from shortlist.errors import ArgumentError, must
from shortlist.evaluation._ranked_lists import Answers, Recommend, ask
from shortlist.indexes import Index
from shortlist.metrics._ranking import RankingMetric, check_metrics, metric_name

__all__ = [
    "Recommend",
    "as_recommender",
    "as_recommenders",
    "check_protocol",
    "evaluate",
    "measure",
    "recommender",
]

_AVERAGES = ("row", "user")


def evaluate(  # noqa: PLR0913 - the options of the protocol, all by name
    recommend: Recommend | Index,
    test: Interactions,
    *,
    ks: Sequence[int] = (10, 100),
    exclude: Interactions | Histories | None = None,
    metrics: Sequence[str | RankingMetric] = ("recall", "ndcg"),
    average: str = "row",
    weighted: bool = True,
    batch_size: int = 512,
) -> dict[str, float]:
    """Evaluate recommended lists against held-out interactions.

    Each test user is queried once. Repeated ids count at their first position; padding never counts. Formulas
    are in the files of `shortlist.metrics`. Averaged over rows, recall is the fraction of test rows whose
    item is in the top k.

    Items of `exclude` are left out for their users, unless the user also has them in `test`. Repeated test
    rows count once per row. `TwoTower.evaluate` follows the same rules and gives the same numbers.

    Args:
        recommend: Function of user ids `[U]`, k and exclusions (a list of U id arrays, or None) that returns
            ids `[U, k]`, best first, padded with None, an empty id or -1; shorter lists are allowed. Or an
            index queried with user ids; see `recommender` for other indexes.
        test: Held-out interactions. A column `sample_weight` weighs the rows.
        ks: Cutoffs.
        exclude: `Interactions` or `Histories`, usually the training part, whose items are not recommended to
            their users again.
        metrics: Any of `recall`, `precision`, `hit_rate`, `mrr`, `ndcg`, `map`, or functions of your own; see
            `metrics.RankingMetric`.
        average: `"row"`: each test row is one query with one true item; `"user"`: each user is one query, and
            all of the user's test items are true; a user has the mean weight of the user's rows.
        weighted: Whether to use the column `sample_weight` of `test`.
        batch_size: Number of users per call of `recommend`.

    Returns:
        Metrics by name, such as `recall_at_10`.

    Raises:
        ArgumentError: If an argument is out of range or of the wrong type, or lists have the wrong shape or
            kind of id.
        DataError: If a test item has the id used as padding, or a weight is invalid.

    Warns:
        UserWarning: If test rows repeat pairs of `exclude`; the message gives their share.

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
    recommend = as_recommender(recommend, "recommend")
    check_protocol(ks, metrics, average, batch_size)
    check_is_interactions(test, "test")
    excluded = None if exclude is None else exclusions(exclude, test)
    if exclude is not None and (repeats := repeats_warning(test, exclude, "exclude")):
        warnings.warn(repeats, stacklevel=2)
    answers = ask(recommend, test, ks=ks, excluded=excluded, weighted=weighted, batch_size=batch_size)
    return measure(answers, ks, metrics, average)


def measure(
    answers: Answers, ks: Sequence[int], metrics: Sequence[str | RankingMetric], average: str
) -> dict[str, float]:
    """Average all metrics at all k, over `"row"` or `"user"`."""
    by_k = [answers.measure(k, metrics, average) for k in ks]
    return {
        f"{name}_at_{k}": values[f"{name}_at_{k}"]
        for name in map(metric_name, metrics)
        for k, values in zip(ks, by_k, strict=True)
    }


def recommender(index: Any, queries: Callable[[np.ndarray], Any] | None = None) -> Recommend:
    """Return a recommender for `evaluate` and `compare` that queries an index.

    Args:
        index: Called as `index(queries, k=k, exclude=exclude)`; returns scores and ids.
        queries: Function from user ids `[U]` to queries of the index, such as a dict of features; None if the
            index is queried with user ids.

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


_FIX = "recommender(index) turns an index into a callable, and model.build_index() returns a model's index"


def as_recommenders(models: Any) -> dict[str, Recommend]:
    """Return recommenders by name, made from callables and indexes by name.

    Raises:
        ArgumentError: If `models` is not a mapping, or one of its values is neither a callable nor an index.

    Example:
        >>> as_recommenders({"most read": ["Dune", "Emma"]})
        Traceback (most recent call last):
        shortlist.errors.ArgumentError: models['most read'] must be an index or a callable, got a list.
        recommender(index) turns an index into a callable, and model.build_index() returns a model's index.
    """
    if not isinstance(models, Mapping):
        requirement = 'be a dict of indexes and callables by name, such as {"model": index}'
        raise ArgumentError(must("models", requirement, got=f"a {type(models).__name__}", fix=_FIX))
    return {name: as_recommender(one, f"models[{name!r}]") for name, one in models.items()}


def as_recommender(value: Any, name: str) -> Recommend:
    """Return a callable recommender, made from `value` if that is an index.

    Args:
        value: A callable or an index that takes user ids.
        name: Argument name, for the error.

    Raises:
        ArgumentError: If it is neither.
    """
    if isinstance(value, Index):
        return recommender(value)
    # Keras objects are callable too, but return scores or take features.
    if not callable(value) or hasattr(value, "get_config"):
        got = f"a {type(value).__name__}"
        raise ArgumentError(must(name, "be an index or a callable", got=got, fix=_FIX))
    recommend: Recommend = value
    return recommend


def check_protocol(
    ks: Sequence[int], metrics: Sequence[str | RankingMetric], average: str, batch_size: int = 1
) -> None:
    """Check the options of `evaluate`.

    Raises:
        ArgumentError: If an option is out of range.
    """
    if not ks or any(isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1 for k in ks):
        raise ArgumentError(must("ks", "hold integers >= 1", got=tuple(ks)))
    check_metrics(metrics)
    if average not in _AVERAGES:
        raise ArgumentError(must("average", f"be one of {_AVERAGES}", got=repr(average)))
    if batch_size < 1:
        raise ArgumentError(must("batch_size", "be >= 1", got=batch_size))
