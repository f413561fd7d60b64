"""Runs the sides of one comparison, each in its own process, in turn: a busy moment is busy for all."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.measure import EXTRA_MB, MILLISECONDS, MISSING, PEAK_MB, RESULT

ROOT = Path(__file__).parents[1]
TFRS_PYTHON = ROOT / ".venv-tfrs" / "bin" / "python"
NUM_CORES = len(os.sched_getaffinity(0))

_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_NAMES_AN_ERROR = re.compile(r"[\w.]*(Error|Exception|Interrupt)\b")
_LONGEST_REASON = 120
_FORCED_KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # each library shall choose for this processor


@dataclass(frozen=True)
class Side:
    """A program of `benchmarks/sides/`: what the table calls it, its settings, and what it runs on."""

    name: str
    module: str
    settings: dict[str, Any]
    backend: str = "tensorflow"
    python: Path = Path(sys.executable)


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


def compare(sides: list[Side], *, repeats: int, calls: int = 1, num_warm_ups: int = 2) -> list[Outcome]:
    """Measure sides in turn, round by round.

    Args:
        sides: Who takes part.
        repeats: Rounds, each of which times every side once.
        calls: How many steps one timed function makes; times are given per step.
        num_warm_ups: Calls before the first round that are not timed.

    Returns:
        An outcome a side, in order.
    """
    with contextlib.ExitStack() as stack:
        running = [stack.enter_context(_started(side, num_warm_ups)) for side in sides]
        for _ in range(repeats):
            for process in running:
                process.time_once()
        return [process.outcome(calls) for process in running]


class Process:
    """A side that runs: asked for one call at a time, and at the end for its memory."""

    def __init__(self, side: Side, child: subprocess.Popen[str], errors: Any) -> None:
        self._side, self._child, self._errors = side, child, errors
        self._times: list[float] = []
        self._trouble: str | None = None
        self._has_failed = False
        self._hear()

    def time_once(self) -> None:
        if self._trouble is None:
            with contextlib.suppress(
                BrokenPipeError
            ):  # a side that died is told of by what it no longer says
                self._child.stdin.write("again\n")
                self._child.stdin.flush()
            self._times.append(self._hear().get(MILLISECONDS, float("nan")))

    def outcome(self, calls: int) -> Outcome:
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        last = {} if self._trouble else self._hear()
        if self._trouble:
            return Outcome(self._side.name, trouble=self._trouble, has_failed=self._has_failed)
        times = [time / calls for time in self._times]
        return Outcome(self._side.name, times, last[PEAK_MB], last[EXTRA_MB], last[RESULT])

    def _hear(self) -> dict[str, Any]:
        line = self._child.stdout.readline()
        if not line:
            self._trouble, self._has_failed = f"failed: {self._last_words()}", True
            return {}
        words = json.loads(line)
        if MISSING in words:
            self._trouble = f"no {words[MISSING]}: make bench-peers"
        return words

    def _last_words(self) -> str:
        self._child.wait()
        self._errors.seek(0)
        errors = [line for line in self._errors if _NAMES_AN_ERROR.match(line)]
        return errors[-1].strip()[:_LONGEST_REASON] if errors else f"status {self._child.returncode}"


@contextlib.contextmanager
def _started(side: Side, num_warm_ups: int) -> Iterator[Any]:
    if not side.python.is_file():
        yield Absent(side)
        return
    request = json.dumps({"settings": side.settings, "num_warm_ups": num_warm_ups})
    command = [str(side.python), "-m", f"benchmarks.sides.{side.module}", request]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(side),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as child,
    ):
        try:
            yield Process(side, child, errors)
        finally:
            child.kill()


class Absent:
    """A side whose environment was not made."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def time_once(self) -> None:
        """There is nothing to time."""

    def outcome(self, calls: int) -> Outcome:
        return Outcome(self._side.name, trouble=f"no {self._side.python.parents[1].name}: make bench-peers")


def _environment(side: Side) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _FORCED_KERNELS}
    kept |= dict.fromkeys(_THREADS, str(NUM_CORES))
    kept |= {"KERAS_BACKEND": side.backend, "TF_CPP_MIN_LOG_LEVEL": "3", "JAX_TRACEBACK_FILTERING": "off"}
    return kept | {"TF_USE_LEGACY_KERAS": "1"} if side.python == TFRS_PYTHON else kept
