"""Who takes part in a comparison, and what came of it."""

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
    """A program of `benchmarks/sides/`: what the table calls it, its settings, and what it runs on."""

    name: str
    module: str
    settings: dict[str, Any]
    backend: str = "tensorflow"
    python: Path = Path(sys.executable)


@final
@dataclass(frozen=True)
class Outcome:
    """What came of a side: times and memory, or the trouble that kept it from having any."""

    name: str
    times_ms: list[float] = field(default_factory=list)
    peak_mb: float = float("nan")
    extra_mb: float = float("nan")
    result: Any = None
    trouble: str | None = None
    has_failed: bool = False

    def failed(self, reason: str) -> "Outcome":
        """The same side, of which nothing counts."""
        return Outcome(self.name, trouble=f"failed: {reason}", has_failed=True)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.times_ms) if self.times_ms else float("nan")
