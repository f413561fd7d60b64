"""Find the top k of all candidates with Shortlist's exact index."""

from collections.abc import Callable

from benchmarks.data import vectors
from benchmarks.measure import serve

import shortlist as sl


def prepare(
    num_candidates: int, embedding_dim: int, num_queries: int, k: int
) -> Callable[[], list[list[int]]]:
    index = sl.indexes.BruteForce(k=k).index(vectors(num_candidates, embedding_dim, seed=1))
    queries = vectors(num_queries, embedding_dim, seed=2)
    return lambda: index(queries)[1].tolist()


if __name__ == "__main__":
    serve(prepare)
