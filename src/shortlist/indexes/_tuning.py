"""How much search budget a recall takes, and what it costs."""

import dataclasses
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from keras import ops
from rich import box
from rich.console import Console
from rich.table import Table

from shortlist.errors import ArgumentError, MissingExtraError
from shortlist.indexes._brute_force import ExactEngine
from shortlist.indexes._engine import Engine
from shortlist.indexes._row_filter import Filter

__all__ = ["Measured", "Tuning", "estimate_recall", "recall_of", "some_candidates", "tune"]

_NUM_CALLS = 15
_CHUNK, _NUM_SAMPLED = 128, 256
_TIED = 1e-5
"""Scores as near as this, as a share of the largest, are tied: which of them comes back is no matter."""


@dataclasses.dataclass(frozen=True)
class Measured:
    """What one setting reaches and costs.

    Args:
        name: Of the setting, such as `"probes = 8"`.
        search_budget: Its search budget; None for exact search.
        recall: Share of the exact k best that are found.
        ms_single: Milliseconds a call with one query takes, the median.
        ms_hundred: Milliseconds a call with a hundred queries takes.
    """

    name: str
    search_budget: int | None
    recall: float
    ms_single: float
    ms_hundred: float


@dataclasses.dataclass(frozen=True)
class Tuning:
    """What was tried for a recall, and which of it was chosen.

    Args:
        measured: By search budget, exact search last.
        chosen: The name of the chosen setting.
        reason: Why, in one sentence.
        k: How many best.
        recall: The share that was wanted.
        num_candidates: How many candidates the engine holds.
        bytes_per_candidate: Memory each takes in the chosen setting.
        build_seconds: How long it took to build; None when it was loaded.
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
        """The chosen search budget; None for exact search."""
        return next(one.search_budget for one in self.measured if one.name == self.chosen)

    @property
    def measured_recall(self) -> float:
        """What the chosen setting reached."""
        return next(one.recall for one in self.measured if one.name == self.chosen)

    def __str__(self) -> str:
        console = Console(width=80)
        with console.capture() as printed:
            console.print(self.table())
        lines = [line.rstrip() for line in printed.get().splitlines()]
        return "\n".join([*filter(None, lines), self.summary()])

    def table(self) -> Table:
        """What was tried, a row each, the chosen one marked.

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
        """Size, memory, build time and the choice, in two sentences."""
        built = "" if self.build_seconds is None else f", built in {self.build_seconds:.1f} s"
        return (
            f"{self.num_candidates:,} candidates, {self.bytes_per_candidate:.0f} bytes each{built}. "
            f"{self.reason}"
        )

    def plot(self, path: str | Path) -> Path:
        """Draw recall against time, for one query and for a hundred.

        Args:
            path: The picture to make, such as `recall.png`; its folder is made when it is not there.

        Returns:
            The path.

        Raises:
            MissingExtraError: When matplotlib is not installed.
            ArgumentError: When the path ends in nothing that it draws.
        """
        path = Path(path)
        try:
            from matplotlib.figure import Figure
            from matplotlib.ticker import LogFormatter
        except ImportError as error:
            raise MissingExtraError("matplotlib", "plots", "Tuning.plot") from error
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        for name, label in (("ms_single", "one query"), ("ms_hundred", "a hundred queries")):
            times = [getattr(one, name) for one in self.measured]
            axes.plot(times, [one.recall for one in self.measured], marker="o", label=label)
        chosen = next(one for one in self.measured if one.name == self.chosen)
        times = [chosen.ms_single, chosen.ms_hundred]
        axes.plot(times, [chosen.recall] * 2, "k*", markersize=14, zorder=3, label=f"chosen: {self.chosen}")
        axes.axhline(self.recall, linestyle="--", color="grey", label="wanted")
        axes.set(xscale="log", xlabel="milliseconds a call", ylabel=f"recall@{self.k}")
        axes.xaxis.set_major_formatter(LogFormatter())
        axes.xaxis.set_minor_formatter(LogFormatter())
        axes.legend()
        kinds = figure.canvas.get_supported_filetypes()
        if path.suffix.removeprefix(".").lower() not in kinds:
            raise ArgumentError(
                f"the picture came as {path}; expected a name that ends in one of {[*kinds]}."
            )
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
    """Find the least search budget that reaches a recall.

    Args:
        engine: What to tune.
        queries: `[num_queries, heads, dim]`, float32.
        recall: The share of the exact k best that must be found.
        k: How many best.
        is_small: Whether exact search is taken in any case.
        build_seconds: For the report.

    Returns:
        The engine in the chosen setting, and what was tried.

    Raises:
        ArgumentError: When the recall is out of range, or there is no query.
    """
    if not 0 < recall <= 1:
        raise ArgumentError(f"recall came as {recall!r}; expected a share above 0 and at most 1.")
    if not len(queries):
        raise ArgumentError("queries holds none; expected some hundreds, as they will be asked.")
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
    # Of each variant the least search budget: measured times are too near each other to choose by.
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
        return f"Exact search is chosen: with {num_rows:,} candidates it costs no more than choosing some."
    if is_reached:
        return f"The fastest setting that reaches a recall of {recall:g} is chosen."
    return f"Exact search is chosen: no search budget reaches a recall of {recall:g}."


def _smallest_search_budget(tried: list[_Tried], recall: float) -> list[_Tried]:
    """The first, by search budget, that reaches the recall; none where none does."""
    return [one for one in tried if one.measured.recall >= recall][:1]


def _tried(engine: Engine, recall: float, measure: Callable[[Engine], _Tried]) -> list[_Tried]:
    """By search budget: twice as much each time until the recall is reached, then what lies between."""
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
    """Share of the k best that were found; what is tied with the last of them counts.

    Args:
        scores: `[num_queries, k]`, of what was found; minus infinity for nothing.
        truth: `[num_queries, k]`, of the exact k best, best first.

    Returns:
        From 0 to 1.
    """
    least = truth[:, -1:] - _TIED * np.abs(truth).max(axis=1, keepdims=True)
    return float((scores >= least).mean())


def estimate_recall(engine: Engine, k: int) -> float:
    """Share of the exact k best that an engine finds, of some of its own vectors taken as queries.

    Args:
        engine: Any.
        k: How many best.

    Returns:
        From 0 to 1.
    """
    exact, k = ExactEngine(engine.vectors_of(np.arange(engine.num_rows))), min(k, engine.num_rows)
    queries = some_candidates(engine)
    return recall_of(_scores(engine, queries, k), _scores(exact, queries, k))


def some_candidates(engine: Engine) -> np.ndarray:
    """Vectors of an engine, evenly drawn, as queries.

    Args:
        engine: Any.

    Returns:
        `[num_queries, 1, dim]`.
    """
    rows = np.linspace(0, engine.num_rows - 1, min(engine.num_rows, _NUM_SAMPLED)).astype("int64")
    return engine.vectors_of(rows)[:, None]


def _scores(engine: Engine, queries: np.ndarray, k: int) -> np.ndarray:
    parts = [_ask(engine, queries[i : i + _CHUNK], k) for i in range(0, len(queries), _CHUNK)]
    return np.concatenate(parts)


def _ask(engine: Engine, queries: np.ndarray, k: int) -> np.ndarray:
    everything = Filter(np.zeros((len(queries), 0), "int32"))
    scores, _ = engine.search(ops.convert_to_tensor(queries), k, everything)
    return np.asarray(ops.convert_to_numpy(scores))


def _hundred(queries: np.ndarray) -> np.ndarray:
    return np.resize(queries, (100, *queries.shape[1:]))


def _ms(engine: Engine, queries: np.ndarray, k: int) -> float:
    """The median of some calls, after two that compile."""
    times = []
    for number in range(2 + _NUM_CALLS):
        started = time.perf_counter()
        _ask(engine, queries, k)
        if number >= 2:
            times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)
