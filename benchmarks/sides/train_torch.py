"""Train two towers of ids in plain PyTorch, with its sparse gradients."""

from collections.abc import Callable

import torch
from benchmarks.data import pairs
from benchmarks.measure import serve
from torch.nn import Embedding, functional


def prepare(
    num_users: int,
    num_movies: int,
    embedding_dim: int,
    batch_size: int,
    steps: int,
    optimizer: str = "Adagrad",
) -> Callable[[], None]:
    towers = [Embedding(size, embedding_dim, sparse=True) for size in (num_users, num_movies)]
    optimizer = getattr(torch.optim, optimizer)([tower.weight for tower in towers], lr=0.1)
    columns = pairs(num_users, num_movies, steps * batch_size)
    batches = list(zip(*(torch.from_numpy(columns[name]).split(batch_size) for name in columns), strict=True))
    truth = torch.arange(batch_size)

    def fit() -> None:
        for rows in batches:
            queries, candidates = (tower(part) for tower, part in zip(towers, rows, strict=True))
            optimizer.zero_grad()
            functional.cross_entropy(queries @ candidates.T, truth).backward()
            optimizer.step()

    return fit


if __name__ == "__main__":
    serve(prepare)
