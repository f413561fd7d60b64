"""Offline evaluation of scores, written from the protocol: who is asked, what is left out, who counts."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracles.ranking import Metrics, mean_metrics, metrics_of_hits

Pair = tuple[Any, Any]


def evaluate(
    scores: Mapping[Any, Mapping[Any, float]],
    test: Sequence[Pair],
    exclude: Sequence[Pair],
    k: int,
    weights: Sequence[float] | None = None,
    average: str = "row",
) -> Metrics | None:
    """The six metrics at k over the catalog `scores[user]`; untied.

    Args:
        scores: the score of each item of the catalog, for each user.
        test: (user, item) of each row; items may be outside the catalog.
        exclude: (user, item) pairs; a user's items here leave the catalog, except the user's test items.
        k: cutoff.
        weights: one a row.
        average: "row", a query a row; "user", a query a user of the mean of the user's positive weights.
    """
    weights = [1.0] * len(test) if weights is None else weights
    rows = [(user, [item], weight) for (user, item), weight in zip(test, weights, strict=True)]
    if average == "user":
        rows = []
        for user in {user for user, _ in test}:
            own = [
                (item, w) for (other, item), w in zip(test, weights, strict=True) if other == user and w > 0
            ]
            if own:
                rows.append((user, [item for item, _ in own], sum(w for _, w in own) / len(own)))
    metrics = []
    for user, true, _ in rows:
        kept = {item for other, item in test if other == user}
        left_out = {item for other, item in exclude if other == user} - kept
        ranked = sorted(set(scores[user]) - left_out, key=scores[user].__getitem__, reverse=True)
        metrics.append(metrics_of_hits([item in true for item in ranked], len(set(true)), k))
    return mean_metrics(metrics, [weight for *_, weight in rows])
