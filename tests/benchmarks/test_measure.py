"""A side keeps its answers apart from what libraries print, and counts the memory of the timed work alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.measure import EXTRA_MB, MILLISECONDS, MISSING, PEAK_MB, READY, RESULT

ROOT = Path(__file__).parents[2]
SIDE = """
import time
import numpy as np
from benchmarks.measure import serve

def prepare(seconds):
    table = np.ones(50 * 2**20, "uint8")
    print("a library says something")
    def work():
        print("and again")
        np.ones(100 * 2**20, "uint8")
        time.sleep(seconds)
        return int(table[0])
    return work

serve(prepare)
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells of memory so")


def answers(code: str, num_calls: int) -> list[dict]:
    request = json.dumps({"settings": {"seconds": 0.02}, "num_warm_ups": 1})
    ended = subprocess.run(
        [sys.executable, "-c", code, request],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        input="again\n" * num_calls,
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_each_call_is_timed_and_memory_is_told_at_the_end():
    first, *times, last = answers(SIDE, num_calls=2)
    assert first == {READY: True}
    assert len(times) == 2
    assert all(said[MILLISECONDS] >= 20 for said in times)
    assert last[RESULT] == 1
    assert 95 < last[EXTRA_MB] < 130  # the 50 MB that were there before do not count
    assert last[PEAK_MB] > 150


def test_a_missing_package_is_named():
    code = SIDE.replace("table =", "import faiss_of_nowhere; table =")
    assert answers(code, num_calls=1) == [{MISSING: "faiss_of_nowhere: make bench-peers"}]


def test_missing_data_are_named():
    code = SIDE.replace("table =", "raise Missing('films'); table =").replace(
        "serve\n", "Missing, serve\n", 1
    )
    assert answers(code, num_calls=1) == [{MISSING: "films"}]
