"""Report that compares recommenders with popularity and chance."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from shortlist.data import Histories, Interactions
from shortlist.data._exclusions import exclusions, repeats_warning
from shortlist.data._interactions import check_is_interactions
from shortlist.errors import ArgumentError, must
from shortlist.evaluation._baselines import Popularity, Random
from shortlist.evaluation._protocol import as_recommenders, check_protocol, measure
from shortlist.evaluation._ranked_lists import Answers, Recommend, ask
from shortlist.ids import encode_ids
from shortlist.indexes import Index
from shortlist.metrics import RankingMetric, coverage, gini, novelty

__all__ = ["Report", "compare"]

_POPULARITY, _RANDOM = "popularity", "random"
_NEITHER_GOOD_NOR_BAD = ("gini_at_", "novelty_at_")
_NUM_ASKED_WITHOUT_EXCLUSIONS = 100


@dataclass(frozen=True)
class Report:
    """Metrics of several recommenders on one test set, with warnings about suspicious results.

    Args:
        rows: Metrics by name for each recommender.
        warnings: Sentences to read before trusting the numbers.
        protocol: One-line description of the evaluation.

    Example:
        >>> rows = {"model": {"recall_at_10": 0.17}, "popularity": {"recall_at_10": 0.09}}
        >>> print(Report(rows, warnings=("train is small",), protocol="12 test rows"))
        |              | model | popularity |
        |--------------|-------|------------|
        | recall_at_10 | 0.170 |      0.090 |
        12 test rows
        warning: train is small
    """

    rows: Mapping[str, Mapping[str, float]]
    warnings: tuple[str, ...] = ()
    protocol: str = ""

    def table(self) -> Table:
        """Return the metrics as a rich table, one column per recommender."""
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("")
        for name in self.rows:
            table.add_column(name, justify="right")
        for metric in next(iter(self.rows.values())):
            table.add_row(metric, *(f"{metrics[metric]:.3f}" for metrics in self.rows.values()))
        return table

    def __str__(self) -> str:
        table = self.table()
        table.box = box.MARKDOWN
        # Wide enough that a log file never cuts a line.
        console = Console(file=io.StringIO(), width=10_000, color_system=None)
        with console.capture() as captured:
            console.print(table)
        lines = [line.rstrip() for line in captured.get().splitlines()]
        notes = [self.protocol, *(f"warning: {warning}" for warning in self.warnings)]
        return "\n".join(line for line in [*lines, *notes] if line)


def compare(  # noqa: PLR0913 - the options of the protocol, all by name
    models: Mapping[str, Recommend | Index],
    test: Interactions,
    *,
    train: Interactions,
    exclude: Interactions | Histories | None = None,
    ks: Sequence[int] = (10, 100),
    metrics: Sequence[str | RankingMetric] = ("recall", "ndcg"),
    average: str = "row",
    weighted: bool = True,
) -> Report:
    """Compare recommenders with popularity and chance, and warn of suspicious results.

    Next to the metrics of `evaluate` the report has three of how recommendations are spread over the items of
    `train` (other items do not count): `coverage`, the share of items in the top k of any list;
    `gini`, from 0 (all items equally often) to 1 (always the same one); and `novelty`, the mean of
    `-log2(share of the training rows)` over recommended items, in bits. See `shortlist.metrics`.

    The report warns when a model's metric or its coverage is below popularity's, when it recommends the same
    items to all users, and when test rows repeat pairs of `train`.

    Args:
        models: Recommenders by name, as in `evaluate`: callables, or indexes that take user ids.
        test: Held-out interactions.
        train: Interactions the baselines are computed from.
        exclude: `Interactions` or `Histories`, usually `train`, as in `evaluate`.
        ks: Cutoffs.
        metrics: As in `evaluate`.
        average: As in `evaluate`.
        weighted: As in `evaluate`.

    Returns:
        The report, with two more recommenders: `popularity` and `random`.

    Raises:
        ArgumentError: If `models` is not a dict of callables and indexes, or one has the name of a baseline;
            also as `evaluate`.
        DataError: As `evaluate`.

    Example:
        >>> train = {"user": [1, 2, 2, 3], "film": ["Up", "Heat", "Up", "Alien"]}
        >>> train = Interactions.from_table(train, user="user", item="film")
        >>> test = Interactions.from_table({"user": [1, 3], "film": ["Heat", "Up"]}, user="user", item="film")
        >>> always_alien = lambda user_ids, k, exclude: [["Alien"]] * len(user_ids)
        >>> report = compare({"model": always_alien}, test, train=train, exclude=train, ks=(1,))
        >>> report.rows["popularity"]["recall_at_1"], report.rows["model"]["recall_at_1"]
        (1.0, 0.0)
        >>> for warning in report.warnings:
        ...     print(warning)
        model is below popularity: recall_at_1 0.0000 < 1.0000, ndcg_at_1 0.0000 < 1.0000.
        model recommends fewer different items than popularity: coverage_at_1 0.3333 < 0.6667.
        model recommends the same items to everybody: check that the users' ids reach the model.
    """
    recommenders = as_recommenders(models)
    _check_names(models)
    check_is_interactions(test, "test")
    check_is_interactions(train, "train")
    check_protocol(ks, metrics, average)
    excluded = None if exclude is None else exclusions(exclude, test)
    everyone = recommenders | {
        _POPULARITY: Popularity.from_interactions(train),
        _RANDOM: Random.from_interactions(train),
    }
    codes, items = encode_ids(train.table[train.item])
    popularity = np.bincount(codes) / len(train)
    rows: dict[str, dict[str, float]] = {}
    for name, recommend in everyone.items():
        answers = ask(recommend, test, ks=ks, excluded=excluded, weighted=weighted)
        rows[name] = measure(answers, ks, metrics, average) | _beyond_accuracy(answers, items, popularity)
    warnings = [warning for name in models for warning in _below_popularity(name, rows)]
    warnings += [
        _SAME.format(name=name)
        for name, recommend in recommenders.items()
        if _is_same_for_all(recommend, test, min(ks))
    ]
    if repeats := repeats_warning(test, train, "train"):
        warnings.append(repeats)
    is_weighted = answers.weights is not None
    return Report(rows, tuple(warnings), _protocol(test, exclude is not None, average, is_weighted))


_SAME = "{name} recommends the same items to everybody: check that the users' ids reach the model."


def _check_names(models: Mapping[str, Any]) -> None:
    taken = {_POPULARITY, _RANDOM} & set(models)
    if taken:
        requirement = "not use the name of a baseline"
        raise ArgumentError(must("models", requirement, got=repr(taken.pop()), fix="Choose another name"))


def _beyond_accuracy(answers: Answers, items: np.ndarray, popularity: np.ndarray) -> dict[str, float]:
    """Metrics of how often each training item is recommended, whether that is right or not."""
    ids = items.tolist()
    counts = {k: np.array([seen[one] for one in ids]) for k, seen in answers.recommended.items()}
    return {
        **{f"coverage_at_{k}": float(coverage(seen)) for k, seen in counts.items()},
        **{f"gini_at_{k}": float(gini(seen)) for k, seen in counts.items()},
        **{f"novelty_at_{k}": float(novelty(seen, popularity)) for k, seen in counts.items()},
    }


def _below_popularity(name: str, rows: Mapping[str, Mapping[str, float]]) -> list[str]:
    ours, theirs = rows[name], rows[_POPULARITY]
    below = {
        metric: f"{metric} {ours[metric]:.4f} < {theirs[metric]:.4f}"
        for metric in ours
        if not metric.startswith(_NEITHER_GOOD_NOR_BAD) and ours[metric] < theirs[metric]
    }
    metrics = [text for metric, text in below.items() if not metric.startswith("coverage")]
    coverage = [text for metric, text in below.items() if metric.startswith("coverage")]
    warnings = [f"{name} is below popularity: {', '.join(metrics)}."] if metrics else []
    if coverage:
        warnings.append(f"{name} recommends fewer different items than popularity: {', '.join(coverage)}.")
    return warnings


def _is_same_for_all(recommend: Recommend, test: Interactions, k: int) -> bool:
    """Return whether a sample of users gets one list, without exclusions, which make lists differ anyway."""
    users = encode_ids(test.table[test.user])[1][:_NUM_ASKED_WITHOUT_EXCLUSIONS]
    lists = np.asarray(recommend(users, k, None))
    return len(users) > 1 and bool((lists == lists[:1]).all())


def _protocol(test: Interactions, is_excluding: bool, average: str, is_weighted: bool) -> str:
    num_users = len(encode_ids(test.table[test.user])[1])
    of = "test rows" if average == "row" else "users"
    kept = "items already met excluded" if is_excluding else "nothing excluded"
    mean = "weighted mean" if is_weighted else "mean"
    return f"{len(test)} test rows of {num_users} users, whole catalog, {kept}; {mean} over {of}"
