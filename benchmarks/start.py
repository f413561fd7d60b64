"""Time `import shortlist` after Keras is imported, in a new process each time."""

import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.side import ROOT, Outcome
from benchmarks.table import Row, at_most

_MOST_MS = 50
_IMPORT = "import shortlist"
_IMPORT_ALL = "import shortlist; [getattr(shortlist, name) for name in shortlist.__all__]"
_TIME = """
import time, keras
started = time.perf_counter()
{code}
print(1e3 * (time.perf_counter() - started))
"""


def rows(quick: bool) -> Iterator[Row]:
    """Compare the import alone with the import of every part, which is otherwise loaded on first use."""
    codes = {_IMPORT: [], _IMPORT_ALL: []}
    for _ in range(3 if quick else 9):
        for code, times in codes.items():
            times.append(_milliseconds(code))
    alone, whole = (Outcome("ours", times) for times in codes.values())
    yield Row("import shortlist, after keras", alone, target=at_most(_MOST_MS, alone.median_ms, "ms"))
    yield Row("import shortlist and every part of it, after keras", whole)


def _milliseconds(code: str) -> float:
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", _TIME.format(code=code)]
    ended = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return float(ended.stdout)
