"""Times functions, side by side and in turn, so that a busy machine is busy for all of them."""

import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np


@dataclass(frozen=True)
class Row:
    """One line of the table: what was done, how long ours and the peer took."""

    what: str
    peer: str
    ours_ms: float
    peer_ms: float
    ceiling_ms: float | None = None

    @property
    def ratio(self) -> float:
        return self.peer_ms / self.ours_ms


def medians_ms(functions: list[Callable[[], object]], repeats: int = 5) -> list[float]:
    """Median milliseconds of each function; a first call each, to compile, does not count."""
    for function in functions:
        function()
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(1e3 * (time.perf_counter() - start))
    return [statistics.median(taken) for taken in times]


def matmul_ms(rows: int, inner: int, columns: int) -> float:
    """Milliseconds of one float32 product of that size in NumPy: what any way of scoring needs at least."""
    generator = np.random.default_rng(0)
    left = generator.normal(size=(rows, inner)).astype("float32")
    right = generator.normal(size=(inner, columns)).astype("float32")
    return medians_ms([lambda: left @ right])[0]


def machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("keras", "tensorflow", "numpy"))
    return f"{platform.machine()}, Python {platform.python_version()}, {packages}"
