"""What all sides of a comparison are given: the same random rows and vectors, made from the same seed."""

from typing import Any

import numpy as np


def pairs(num_users: int, num_movies: int, num_rows: int) -> dict[str, np.ndarray]:
    """Rows of two embedding tables, each drawn evenly."""
    generator = np.random.default_rng(0)
    sizes = {"user": num_users, "movie": num_movies}
    return {name: generator.integers(0, size, num_rows, dtype="int32") for name, size in sizes.items()}


def batches(columns: Any, batch_size: int) -> Any:
    """A `tf.data.Dataset` that keeps its batches, as TFRS' and keras-rs' guides have it.

    Nothing is left to its tuning, whose thread sleeps 10, 20, 40, ... ms: the end of a pass waits for it to
    wake, and every side's call would take 630, 1270 or 2550 ms.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices(columns).batch(batch_size).cache().with_options(options)


def evaluated(
    num_queries: int, num_candidates: int, embedding_dim: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Queries that lie near their true candidates, all candidates, and the true row of each query."""
    generator = np.random.default_rng(0)
    candidates = vectors(num_candidates, embedding_dim, seed=1)
    truth = generator.integers(0, num_candidates, num_queries, dtype="int32")
    queries = 0.3 * candidates[truth] + vectors(num_queries, embedding_dim, seed=2)
    return queries, candidates, truth


def vectors(number: int, embedding_dim: int, seed: int) -> np.ndarray:
    """`[number, embedding_dim]`, standard normal."""
    return np.random.default_rng(seed).standard_normal((number, embedding_dim), dtype="float32")
