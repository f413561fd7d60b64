"""Run a side in its own process and request one call at a time."""

import abc
import contextlib
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any, TextIO, final

from benchmarks.measure import EXTRA_MB, MILLISECONDS, MISSING, PEAK_MB, RESULT
from benchmarks.side import NUM_CORES, ROOT, TFRS_PYTHON, Outcome, Side

_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_FORCED_KERNELS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # each library chooses kernels for this processor
_NAMES_AN_ERROR = re.compile(r"[\w.]*(Error|Exception|Interrupt)\b")
_TERMINAL_CODES = re.compile(r"\x1b\[[\d;]*m")


class Runner(abc.ABC):
    """One side of a comparison."""

    @abc.abstractmethod
    def time_once(self) -> None:
        """Time one call; do nothing after a failure."""

    @abc.abstractmethod
    def outcome(self, calls: int) -> Outcome:
        """Return the measurements, times divided by `calls`; no more calls after this."""


@final
class Absent(Runner):
    """A side whose environment does not exist."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def time_once(self) -> None:
        """Do nothing."""

    def outcome(self, calls: int) -> Outcome:
        missing = self._side.python.parents[1].name
        return Outcome(self._side.name, trouble=f"no {missing}: make bench-peers")


@final
class Process(Runner):
    """A running side."""

    def __init__(self, side: Side, child: subprocess.Popen[str], errors: TextIO) -> None:
        self._side, self._child, self._errors = side, child, errors
        self._times: list[float] = []
        self._trouble: Outcome | None = None

    def wait_until_ready(self) -> None:
        self._hear()

    def time_once(self) -> None:
        if self._trouble is None:
            with contextlib.suppress(BrokenPipeError):  # a dead process is noticed by its missing answer
                self._child.stdin.write("again\n")
                self._child.stdin.flush()
            self._times.append(self._hear().get(MILLISECONDS, float("nan")))

    def outcome(self, calls: int) -> Outcome:
        with contextlib.suppress(BrokenPipeError):
            self._child.stdin.close()
        last = {} if self._trouble else self._hear()
        if self._trouble is not None:
            return self._trouble
        times = [time / calls for time in self._times]
        return Outcome(self._side.name, times, last[PEAK_MB], last[EXTRA_MB], last[RESULT])

    def _hear(self) -> dict[str, Any]:
        line = self._child.stdout.readline()
        words: dict[str, Any] = json.loads(line) if line else {}
        if not words:
            self._trouble = Outcome(self._side.name).failed(self._last_words())
        elif MISSING in words:
            self._trouble = Outcome(self._side.name, trouble=f"no {words[MISSING]}")
        return words

    def _last_words(self) -> str:
        status = self._child.wait()
        self._errors.seek(0)
        return reason_of(self._errors.read()) or f"status {status}"


def reason_of(errors: str) -> str:
    """Return the last error printed to stderr in one line; empty if there was none."""
    lines = [_TERMINAL_CODES.sub("", line).strip() for line in errors.splitlines()]
    starts = [number for number, line in enumerate(lines) if _NAMES_AN_ERROR.match(line)]
    told = [line for line in lines[starts[-1] :] if line] if starts else []
    return " ".join(told[:2])  # the first line of Keras says where, the second what


@contextlib.contextmanager
def started(side: Side, num_warm_ups: int) -> Iterator[Runner]:
    """Yield the side, ready to be timed; end its process afterwards."""
    if not side.python.is_file():
        yield Absent(side)
        return
    with tempfile.TemporaryFile("w+") as errors, _spawned(side, num_warm_ups, errors) as child:
        process = Process(side, child, errors)
        try:
            process.wait_until_ready()
            yield process
        finally:
            child.kill()


def _spawned(side: Side, num_warm_ups: int, errors: TextIO) -> "subprocess.Popen[str]":
    request = json.dumps({"settings": side.settings, "num_warm_ups": num_warm_ups})
    return subprocess.Popen(
        [str(side.python), "-m", f"benchmarks.sides.{side.module}", request],
        cwd=ROOT,
        env=_environment(side),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )


def _environment(side: Side) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _FORCED_KERNELS}
    kept |= dict.fromkeys(_THREADS, str(NUM_CORES))
    kept |= {"KERAS_BACKEND": side.backend, "TF_CPP_MIN_LOG_LEVEL": "3", "JAX_TRACEBACK_FILTERING": "off"}
    return kept | {"TF_USE_LEGACY_KERAS": "1"} if side.python == TFRS_PYTHON else kept
