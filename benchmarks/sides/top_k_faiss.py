"""Find the top k of all candidates with the flat index of faiss."""

from collections.abc import Callable

import faiss
from benchmarks.data import vectors
from benchmarks.measure import serve


def prepare(
    num_candidates: int, embedding_dim: int, num_queries: int, k: int
) -> Callable[[], list[list[int]]]:
    index = faiss.IndexFlatIP(embedding_dim)
    index.add(vectors(num_candidates, embedding_dim, seed=1))
    queries = vectors(num_queries, embedding_dim, seed=2)
    return lambda: index.search(queries, k)[1].tolist()


if __name__ == "__main__":
    serve(prepare)
