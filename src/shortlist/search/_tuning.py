"""Choice of the smallest search budget that reaches a recall."""

import dataclasses
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from shortlist.errors import ArgumentError, MissingExtraError, must
from shortlist.search._engine import Engine
from shortlist.search._exact import ExactEngine
from shortlist.search._row_filter import RowFilter

__all__ = ["Measured", "Tuning", "estimate_recall", "recall_of", "some_candidates", "tune"]

_NUM_CALLS = 15
_CHUNK, _NUM_SAMPLED = 128, 256
_TIED = 1e-5
"""Scores closer than this fraction of the largest score count as ties."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """Recall and time of one setting.

    Args:
        name: Name of the setting, such as `"probes = 8"`.
        search_budget: Search budget; None for exact search.
        recall: Fraction of the exact k best that are found.
        ms_single: Median milliseconds per call with one query.
        ms_hundred: Median milliseconds per call with 100 queries.
    """

    name: str
    search_budget: int | None
    recall: float
    ms_single: float
    ms_hundred: float


@dataclasses.dataclass(frozen=True)
class Tuning:
    """Result of `tune`: every setting tried, and the chosen one.

    Args:
        measured: Settings tried, in order of search budget, exact search last.
        chosen: Name of the chosen setting.
        reason: Reason for the choice, one sentence.
        k: Number of results per query.
        recall: Target recall.
        num_candidates: Number of candidates in the index.
        bytes_per_candidate: Memory per candidate in the chosen setting.
        build_seconds: Build time in seconds; None if the index was loaded.
    """

    measured: tuple[Measured, ...]
    chosen: str
    reason: str
    k: int
    recall: float
    num_candidates: int
    bytes_per_candidate: float
    build_seconds: float | None

    @property
    def search_budget(self) -> int | None:
        """Search budget of the chosen setting; None for exact search."""
        return next(one.search_budget for one in self.measured if one.name == self.chosen)

    @property
    def measured_recall(self) -> float:
        """Recall of the chosen setting."""
        return next(one.recall for one in self.measured if one.name == self.chosen)

    def __str__(self) -> str:
        console = Console(width=80)
        with console.capture() as printed:
            console.print(self.table())
        lines = [line.rstrip() for line in printed.get().splitlines()]
        return "\n".join([*filter(None, lines), self.summary()])

    def table(self) -> Table:
        """Build a table with one row per setting; the chosen one is marked with `*`.

        Returns:
            A table to print with rich.
        """
        table = Table(box=box.SIMPLE_HEAD)
        table.add_column("")
        for name in (f"recall@{self.k}", "1 query, ms", "100 queries, ms"):
            table.add_column(name, justify="right")
        for one in self.measured:
            mark = " *" if one.name == self.chosen else ""
            numbers = f"{one.recall:.4f}", f"{one.ms_single:.2f}", f"{one.ms_hundred:.2f}"
            table.add_row(one.name + mark, *numbers)
        return table

    def summary(self) -> str:
        """Return size, memory, build time and the choice in two sentences."""
        built = "" if self.build_seconds is None else f", built in {self.build_seconds:.1f} s"
        return (
            f"{self.num_candidates:,} candidates, {self.bytes_per_candidate:.0f} bytes each{built}. "
            f"{self.reason}"
        )

    def plot(self, path: str | Path) -> Path:
        """Plot recall against time, for 1 and 100 queries per call.

        Args:
            path: Image file to write, such as `recall.png`; missing folders are created.

        Returns:
            The path.

        Raises:
            MissingExtraError: If matplotlib is not installed.
            ArgumentError: If matplotlib cannot write files with the suffix of `path`.
        """
        path = Path(path)
        try:
            from matplotlib.figure import Figure
            from matplotlib.ticker import LogFormatter
        except ImportError as error:
            raise MissingExtraError("matplotlib", "plots", "Tuning.plot") from error
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        for name, label in (("ms_single", "one query"), ("ms_hundred", "100 queries")):
            times = [getattr(one, name) for one in self.measured]
            axes.plot(times, [one.recall for one in self.measured], marker="o", label=label)
        chosen = next(one for one in self.measured if one.name == self.chosen)
        times = [chosen.ms_single, chosen.ms_hundred]
        axes.plot(times, [chosen.recall] * 2, "k*", markersize=14, zorder=3, label=f"chosen: {self.chosen}")
        axes.axhline(self.recall, linestyle="--", color="grey", label="target")
        axes.set(xscale="log", xlabel="milliseconds per call", ylabel=f"recall@{self.k}")
        axes.xaxis.set_major_formatter(LogFormatter())
        axes.xaxis.set_minor_formatter(LogFormatter())
        axes.legend()
        kinds = figure.canvas.get_supported_filetypes()
        if path.suffix.removeprefix(".").lower() not in kinds:
            raise ArgumentError(must("path", f"end in one of {[*kinds]}", got=path))
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=150)
        return path


def tune(
    engine: Engine,
    queries: np.ndarray,
    *,
    recall: float,
    k: int,
    is_small: bool,
    build_seconds: float | None,
) -> tuple[Engine, Tuning]:
    """Find the smallest search budget that reaches a recall.

    Args:
        engine: Engine to tune.
        queries: `[num_queries, heads, dim]`, float32.
        recall: Fraction of the exact k best to find, in (0, 1].
        k: Number of results per query.
        is_small: Whether to choose exact search without trying others.
        build_seconds: Build time of `engine`, for the report.

    Returns:
        The engine with the chosen setting, and the report.

    Raises:
        ArgumentError: If `recall` is outside (0, 1] or there are no queries.
    """
    if not 0 < recall <= 1:
        raise ArgumentError(must("recall", "be above 0 and at most 1", got=repr(recall)))
    if not len(queries):
        fix = "Pass a few hundred typical queries"
        raise ArgumentError(must("queries", "hold at least one query", got=0, fix=fix))
    k = min(k, engine.num_rows)
    exact = engine if engine.is_exact else ExactEngine(engine.vectors_of(np.arange(engine.num_rows)))
    truth = _scores(exact, queries, k)

    def measure(one: Engine) -> _Tried:
        found = recall_of(_scores(one, queries, k), truth)
        times = _ms(one, queries[:1], k), _ms(one, _hundred(queries), k)
        return _Tried(one, Measured(one.label(), None if one.is_exact else one.search_budget, found, *times))

    by_variant: list[list[_Tried]] = []
    if not is_small and not engine.is_exact:
        by_variant = [_tried(variant, recall, measure) for variant in engine.variants()]
    tried, of_exact = [one for some in by_variant for one in some], measure(exact)
    # Compare only the smallest budget of each variant: times of neighboring budgets are too close.
    enough = [one for some in by_variant for one in _smallest_search_budget(some, recall)]
    chosen = min(enough, key=lambda one: one.measured.ms_single, default=of_exact)
    tuning = Tuning(
        (*(one.measured for one in tried), of_exact.measured),
        chosen.measured.name,
        _reason(is_small, bool(enough), recall, engine.num_rows),
        k,
        recall,
        engine.num_rows,
        chosen.engine.num_bytes() / engine.num_rows,
        build_seconds,
    )
    return chosen.engine, tuning


class _Tried(NamedTuple):
    engine: Engine
    measured: Measured


def _reason(is_small: bool, is_reached: bool, recall: float, num_rows: int) -> str:
    if is_small:
        return f"Exact search is chosen: with {num_rows:,} candidates it is as fast as approximate search."
    if is_reached:
        return f"The fastest setting that reaches a recall of {recall:g} is chosen."
    return f"Exact search is chosen: no search budget reaches a recall of {recall:g}."


def _smallest_search_budget(tried: list[_Tried], recall: float) -> list[_Tried]:
    """Return the setting with the smallest sufficient search budget, or an empty list."""
    return [one for one in tried if one.measured.recall >= recall][:1]


def _tried(engine: Engine, recall: float, measure: Callable[[Engine], _Tried]) -> list[_Tried]:
    """Double the search budget until the recall is reached, then bisect."""
    tried: dict[int, _Tried] = {}

    def is_enough(search_budget: int) -> bool:
        tried[search_budget] = measure(engine.with_search_budget(search_budget))
        return tried[search_budget].measured.recall >= recall

    too_little, search_budget = 0, 1
    while not is_enough(search_budget):
        if search_budget == engine.max_search_budget:
            return [tried[key] for key in sorted(tried)]
        too_little, search_budget = search_budget, min(2 * search_budget, engine.max_search_budget)
    while search_budget - too_little > max(1, search_budget // 8):
        between = (too_little + search_budget) // 2
        too_little, search_budget = (too_little, between) if is_enough(between) else (between, search_budget)
    return [tried[key] for key in sorted(tried)]


def recall_of(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the fraction of the exact k best that were found.

    Candidates tied with the k-th best count as found.

    Args:
        scores: `[num_queries, k]`, scores of the results; minus infinity is padding.
        truth: `[num_queries, k]`, scores of the exact k best, best first.

    Returns:
        Recall in [0, 1].
    """
    least = truth[:, -1:] - _TIED * np.abs(truth).max(axis=1, keepdims=True)
    return float((scores >= least).mean())


def estimate_recall(engine: Engine, k: int) -> float:
    """Estimate the recall of an engine, with a sample of its own vectors as queries.

    Args:
        engine: Engine to measure.
        k: Number of results per query.

    Returns:
        Recall in [0, 1].
    """
    exact, k = ExactEngine(engine.vectors_of(np.arange(engine.num_rows))), min(k, engine.num_rows)
    queries = some_candidates(engine)
    return recall_of(_scores(engine, queries, k), _scores(exact, queries, k))


def some_candidates(engine: Engine) -> np.ndarray:
    """Sample vectors of an engine at evenly spaced rows, to use as queries.

    Args:
        engine: Engine that holds the vectors.

    Returns:
        `[num_queries, 1, dim]`.
    """
    rows = np.linspace(0, engine.num_rows - 1, min(engine.num_rows, _NUM_SAMPLED)).astype("int64")
    return engine.vectors_of(rows)[:, None]


def _scores(engine: Engine, queries: np.ndarray, k: int) -> np.ndarray:
    parts = [_ask(engine, queries[i : i + _CHUNK], k) for i in range(0, len(queries), _CHUNK)]
    return np.concatenate(parts)


def _ask(engine: Engine, queries: np.ndarray, k: int) -> np.ndarray:
    return engine.search(queries, k, RowFilter(np.zeros((len(queries), 0), "int32")))[0]


def _hundred(queries: np.ndarray) -> np.ndarray:
    return np.resize(queries, (100, *queries.shape[1:]))


def _ms(engine: Engine, queries: np.ndarray, k: int) -> float:
    """Return the median milliseconds per call, after two warm-up calls that compile."""
    times = []
    for number in range(2 + _NUM_CALLS):
        started = time.perf_counter()
        _ask(engine, queries, k)
        if number >= 2:
            times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)
