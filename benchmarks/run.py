"""Run the stages, print a table for each, and write them: `make bench` and `make bench-quick`."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from benchmarks.machine import machine
from benchmarks.table import Row, markdown

from benchmarks import (
    adapters,
    approximate,
    brute_force,
    evaluation,
    large_tables,
    quickstart,
    start,
    train_step,
)

_MODULES = (train_step, large_tables, evaluation, brute_force, approximate, adapters, quickstart, start)
STAGES: dict[str, ModuleType] = {stage.__name__.rpartition(".")[2]: stage for stage in _MODULES}

_READING = """\
Times are medians in milliseconds, with minimum and maximum. The sides of a row were called in turn, each in
its own process with all cores, with a pause before each call. The ceiling is the time of the float32 products
that the work cannot avoid, computed by the fastest of several tilings in NumPy and TensorFlow. Its share is
ceiling / ours, left out above 100 %, which only a disturbed machine gives. Memory is the peak of the process,
with the growth of the timed work beyond tables, data and optimizer in brackets.
[docs/benchmarks.md](../docs/benchmarks.md) says more.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the stages selected on the command line; return 1 if a side failed."""
    arguments = _parser().parse_args(argv)
    head = f"# Benchmarks\n\n{machine()}\n{_READING}"
    print(head, flush=True)
    tables, rows = [], []
    for name in arguments.stage or STAGES:
        started = time.perf_counter()
        found = list(STAGES[name].rows(arguments.quick))
        rows += found
        if found:
            tables.append(markdown(_title(STAGES[name]), found))
            print(f"{tables[-1]}\n({time.perf_counter() - started:.0f} s)\n", flush=True)
    if arguments.output is not None:
        arguments.output.write_text("\n".join([head, *tables]))
    return int(any(has_failed(row) for row in rows))


def has_failed(row: Row) -> bool:
    """Return whether a side of the row failed; a side whose packages are missing did not."""
    return any(side is not None and side.has_failed for side in (row.ours, row.peer, row.ceiling))


def _title(stage: ModuleType) -> str:
    return (stage.__doc__ or stage.__name__).splitlines()[0].rstrip(".")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small shapes, few repeats: under 3 minutes")
    parser.add_argument("--stage", nargs="+", choices=STAGES, help="only these, default: all")
    parser.add_argument("--output", type=Path, metavar="FILE", help="where the tables go, next to the screen")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
