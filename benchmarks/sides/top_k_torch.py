"""Find the top k of all candidates in plain PyTorch, from a full score matrix."""

from collections.abc import Callable

import torch
from benchmarks.data import vectors
from benchmarks.measure import serve


def prepare(
    num_candidates: int, embedding_dim: int, num_queries: int, k: int
) -> Callable[[], list[list[int]]]:
    candidates = torch.from_numpy(vectors(num_candidates, embedding_dim, seed=1))
    queries = torch.from_numpy(vectors(num_queries, embedding_dim, seed=2))
    return lambda: torch.topk(queries @ candidates.T, k).indices.tolist()


if __name__ == "__main__":
    serve(prepare)
