"""Peak memory of building and saving a large index, measured in a new process."""

import json
import sys
from collections.abc import Callable

import pytest

pytestmark = [
    pytest.mark.contract,
    pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read from /proc"),
]

_PROGRAM = """
import json, re
from pathlib import Path
import numpy as np
import shortlist as sl

def now(name):
    return int(re.search(rf"{name}:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

def extra(function, *arguments):
    Path("/proc/self/clear_refs").write_text("5")  # reset the peak
    before = now("VmRSS")
    result = function(*arguments)
    return result, now("VmHWM") - before

make = lambda: sl.indexes.KIND
generator = np.random.default_rng(0)
small = make().index(generator.normal(size=(2000, 64)).astype("float32"))
small(np.zeros((1, 64), "float32"))
small.save("small.keras")
vectors = generator.normal(size=(400_000, 64)).astype("float32")
index, build = extra(make().index, vectors)
_, save = extra(index.save, "large.keras")
_, score = extra(index.score, vectors[:1], [3, 5])
print(json.dumps([build / vectors.nbytes, save / vectors.nbytes, score / vectors.nbytes]))
"""


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("BruteForce()", 1.5),
        pytest.param("Partitioned(num_partitions=64)", 2.0, marks=pytest.mark.slow),
        pytest.param("Partitioned(num_partitions=64, codes='int8')", 2.0, marks=pytest.mark.slow),
    ],
)
def test_times_the_bytes_of_the_vectors(run_python: Callable[..., str], kind: str, most: float) -> None:
    build, save, score = json.loads(run_python(_PROGRAM.replace("KIND", kind)))
    assert build < most
    assert save < 1.5
    assert score < 0.1
