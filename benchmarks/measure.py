"""Prepare one side in its own process and time a call on each request.

A side is a module of `benchmarks/sides/` whose `prepare(**settings)` makes tables and data and returns the
function to time. It runs in the Python environment of its packages, so this file needs only NumPy and the
standard library. It exchanges lines of JSON with `benchmarks.compare`.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

READY, MISSING, MILLISECONDS, RESULT = "ready", "missing", "ms", "result"
PEAK_MB, EXTRA_MB = "peak_mb", "extra_mb"

_STATUS, _CLEAR_REFS, _RESET_PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs"), "5"


class Missing(Exception):
    """Raised when something a side needs is missing; the message says how to get it."""


def serve(prepare: Callable[..., Callable[[], Any]]) -> None:
    """Run one side: `python -m benchmarks.sides.NAME '{"settings": {...}, "num_warm_ups": 2}'`."""
    request, answers = json.loads(sys.argv[1]), _answers_alone_on_stdout()
    try:
        function = prepare(**request["settings"])
    except ImportError as error:
        _say(answers, {MISSING: f"{error.name}: make bench-peers"})
        return
    except Missing as error:
        _say(answers, {MISSING: str(error)})
        return
    _serve(function, request["num_warm_ups"], answers)


def _serve(function: Callable[[], Any], num_warm_ups: int, answers: TextIO) -> None:
    peak_of_preparing, at_start = memory_mb("VmHWM"), memory_mb("VmRSS")
    _CLEAR_REFS.write_text(_RESET_PEAK)
    for _ in range(num_warm_ups):
        function()
    _say(answers, {READY: True})
    result = None
    for _ in sys.stdin:  # each line asks for one call
        started = time.perf_counter()
        result = function()
        _say(answers, {MILLISECONDS: 1e3 * (time.perf_counter() - started)})
    peak = memory_mb("VmHWM")
    _say(answers, {PEAK_MB: max(peak, peak_of_preparing), EXTRA_MB: peak - at_start, RESULT: result})


def memory_mb(name: str) -> float:
    """Return resident memory of this process as Linux reports it: `VmRSS` now, `VmHWM` at its peak."""
    (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) / 1024


def _answers_alone_on_stdout() -> TextIO:
    """Return the pipe for answers; prints of libraries go to stderr from here on."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _say(answers: TextIO, words: dict[str, Any]) -> None:
    print(json.dumps(words), file=answers, flush=True)
