"""Query a library-backed index through Shortlist."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from benchmarks.measure import serve

import shortlist as sl
from benchmarks import worlds


def prepare(folder: str, num_queries: int, turns: int, k: int) -> Callable[[], list[list[int]]]:
    index, queries = sl.load_model(Path(folder, "index.keras")), np.load(Path(folder, "queries.npy"))
    asked = worlds.in_turns(queries, num_queries, turns)
    return lambda: [line for some in asked for line in index(some, k)[1].tolist()]


if __name__ == "__main__":
    serve(prepare)
