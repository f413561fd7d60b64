"""Runs all benchmarks, prints the table, and writes it to `benchmarks/RESULTS.md`: `make bench`."""

import io
from pathlib import Path

from benchmarks import evaluation, train_step
from benchmarks.measure import Row, machine
from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    rows = [*train_step.rows((1024, 4096)), *evaluation.rows(((8192, 3706, 64), (2048, 100_000, 64)))]
    console = Console(file=io.StringIO(), width=200)
    console.print(_table(rows))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    RESULTS.write_text(
        "\n".join(["# Benchmarks", "", f"{machine()}. Medians, the peer in turn.", "", *lines]) + "\n"
    )
    print(RESULTS.read_text())


def _table(rows: list[Row]) -> Table:
    table = Table(box=MARKDOWN)
    for title in ("what", "ours, ms", "peer", "peer, ms", "peer / ours", "share of the matmul limit"):
        table.add_column(title, justify="left" if title in ("what", "peer") else "right", no_wrap=True)
    for row in rows:
        share = "" if row.ceiling_ms is None else f"{row.ceiling_ms / row.ours_ms:.0%}"
        table.add_row(
            row.what, f"{row.ours_ms:.1f}", row.peer, f"{row.peer_ms:.1f}", f"{row.ratio:.1f}", share
        )
    return table


if __name__ == "__main__":
    main()
