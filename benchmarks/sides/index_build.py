"""Build a partitioned index and leave it tuned and exported for the sides that query it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.measure import serve

import shortlist as sl
from benchmarks import worlds
from shortlist.export import saved_model


def prepare(world: str, num_candidates: int, dim: int, k: int, folder: str) -> Callable[[], dict[str, Any]]:
    """Return the timed build; the first, untimed call also tunes and exports."""
    candidates, queries = getattr(worlds, world)(num_candidates, dim)
    candidates = np.ascontiguousarray(candidates, "float32")
    tuning, asked = np.split(queries, 2)
    np.save(Path(folder, "candidates.npy"), candidates)
    np.save(Path(folder, "queries.npy"), asked)
    found: dict[str, Any] = {}

    def build() -> dict[str, Any]:
        index = sl.indexes.Partitioned(k=k).index(candidates)
        if not found:
            report = index.tune(tuning, recall=0.96, k=k)  # a little more, for other queries
            print(report)
            saved_model(index, Path(folder, "exported"), k=k, example_inputs=asked[:2])
            exact = sl.indexes.BruteForce(k=k).index(candidates)
            np.save(Path(folder, "truth.npy"), exact(asked, k=k)[1])
            found.update(setting=report.chosen, upsert_ms=_upsert_ms(index, candidates))
        return found

    return build


def _upsert_ms(index: Any, candidates: np.ndarray) -> list[float]:
    """Return milliseconds of upserts of 1,000 candidates, half of them new, with the query that follows."""
    times = []
    for number in range(5):
        ids = np.arange(500) + len(candidates) - 500 + 500 * number
        ids = np.concatenate([ids, np.arange(500) + 1000 * number])
        started = time.perf_counter()
        index.upsert(ids, candidates[:1000] + np.float32(0.01))
        times.append(1e3 * (time.perf_counter() - started))
        index(candidates[:1])
    return times


if __name__ == "__main__":
    serve(prepare)
