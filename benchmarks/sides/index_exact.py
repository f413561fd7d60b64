"""Query Shortlist's exact index over the same candidates."""

from collections.abc import Callable

from benchmarks.measure import serve

import shortlist as sl
from benchmarks import worlds


def prepare(folder: str, num_queries: int, turns: int, k: int) -> Callable[[], list[list[int]]]:
    candidates, queries = worlds.load(folder)
    index = sl.indexes.BruteForce(k=k).index(candidates)
    asked = worlds.in_turns(queries, num_queries, turns)
    return lambda: [line for some in asked for line in index(some)[1].tolist()]


if __name__ == "__main__":
    serve(prepare)
