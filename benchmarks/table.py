"""Rows of the result, their targets, and the tables that people read."""

import io
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from benchmarks.side import Outcome
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

_COLUMNS = (
    "what",
    "ours, ms",
    "peer",
    "peer, ms",
    "peer / ours",
    "share of ceiling",
    "ours, MB",
    "peer, MB",
    "target",
    "measured",
    "met",
)
_TEXT = ("what", "peer", "target", "measured", "met")


@final
@dataclass(frozen=True)
class Target:
    """A bound and the value measured against it; NaN where a side failed."""

    measured: float
    bound: float
    unit: str
    is_at_most: bool

    @property
    def is_met(self) -> bool | None:
        if math.isnan(self.measured):
            return None
        return self.measured <= self.bound if self.is_at_most else self.measured >= self.bound

    @property
    def text(self) -> str:
        return f"{'<=' if self.is_at_most else '>='} {self.bound:g} {self.unit}"


def at_least(bound: float, measured: float, unit: str) -> Target:
    """Return a lower bound."""
    return Target(measured, bound, unit, is_at_most=False)


def at_most(bound: float, measured: float, unit: str) -> Target:
    """Return an upper bound."""
    return Target(measured, bound, unit, is_at_most=True)


@final
@dataclass(frozen=True)
class Row:
    """One line of a table: our outcome, a peer's, and the target."""

    what: str
    ours: Outcome
    peer: Outcome | None = None
    ceiling: Outcome | None = None
    target: Target | None = None


def times_faster(ours: Outcome, peer: Outcome) -> float:
    """Return the peer's time divided by ours."""
    return peer.median_ms / ours.median_ms


def ceiling_percent(ours: Outcome, ceiling: Outcome) -> float:
    """Return the time of the products alone divided by ours, in percent.

    NaN above 100: no work is faster than a part of it, so the products were disturbed.
    """
    percent = 100 * min(ceiling.times_ms, default=math.nan) / ours.median_ms
    return percent if percent <= 100 else math.nan


def markdown(title: str, rows: Iterable[Row]) -> str:
    """Return a heading and a table."""
    table = Table(box=MARKDOWN)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name in _TEXT else "right", no_wrap=True)
    for row in rows:
        table.add_row(*_cells(row))
    console = Console(file=io.StringIO(), width=1000)
    console.print(table)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    return "\n".join([f"## {title}", "", *(line.strip() for line in lines if line.strip())]) + "\n"


def _cells(row: Row) -> list[str]:
    peer = row.peer
    return [
        row.what,
        _times(row.ours),
        peer.name if peer else "",
        _times(peer) if peer else "",
        _number(times_faster(row.ours, peer), ".2f") if peer else "",
        _number(ceiling_percent(row.ours, row.ceiling), ".0f", " %") if row.ceiling else "",
        _memory(row.ours),
        _memory(peer) if peer else "",
        *(_verdict(row.target) if row.target else ("", "", "")),
    ]


def _verdict(target: Target) -> tuple[str, str, str]:
    met = {True: "yes", False: "**NO**", None: "not measured"}[target.is_met]
    return target.text, _number(target.measured, ".3g", f" {target.unit}"), met


def _times(outcome: Outcome) -> str:
    """Return the median with minimum and maximum."""
    if outcome.trouble is not None:
        return outcome.trouble
    digits = ".2f" if outcome.median_ms < 10 else ".1f" if outcome.median_ms < 1000 else ".0f"
    median, least, most = (
        format(ms, digits) for ms in (outcome.median_ms, min(outcome.times_ms), max(outcome.times_ms))
    )
    return median if len(outcome.times_ms) == 1 else f"{median} ({least} to {most})"


def _memory(outcome: Outcome) -> str:
    """Return the peak of the process, with the growth beyond tables and data in brackets."""
    if math.isnan(outcome.peak_mb):
        return ""
    return f"{outcome.peak_mb:.0f} (+{outcome.extra_mb:.0f})"


def _number(value: float, digits: str, unit: str = "") -> str:
    return "" if math.isnan(value) else format(value, digits) + unit
