"""Sides of a comparison and their outcomes."""

import os
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

ROOT = Path(__file__).parents[1]
TFRS_PYTHON = ROOT / ".venv-tfrs" / "bin" / "python"
NUM_CORES = len(os.sched_getaffinity(0))


@final
@dataclass(frozen=True)
class Side:
    """A program of `benchmarks/sides/`: name in the table, settings, Python and backend."""

    name: str
    module: str
    settings: dict[str, Any]
    backend: str = "tensorflow"
    python: Path = Path(sys.executable)


@final
@dataclass(frozen=True)
class Outcome:
    """Times and memory of a side, or why there are none."""

    name: str
    times_ms: list[float] = field(default_factory=list)
    peak_mb: float = float("nan")
    extra_mb: float = float("nan")
    result: Any = None
    trouble: str | None = None
    has_failed: bool = False

    def failed(self, reason: str) -> "Outcome":
        """Return the outcome of a failure, without measurements."""
        return Outcome(self.name, trouble=f"failed: {reason}", has_failed=True)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.times_ms) if self.times_ms else float("nan")
