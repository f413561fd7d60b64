"""Random rows and vectors, the same for all sides of a comparison."""

from typing import Any

import numpy as np


def pairs(num_users: int, num_movies: int, num_rows: int) -> dict[str, np.ndarray]:
    """Draw rows of two embedding tables uniformly."""
    generator = np.random.default_rng(0)
    sizes = {"user": num_users, "movie": num_movies}
    return {name: generator.integers(0, size, num_rows, dtype="int32") for name, size in sizes.items()}


def batches(columns: Any, batch_size: int) -> Any:
    """Return a `tf.data.Dataset` with cached batches, as in the guides of TFRS and keras-rs.

    Autotuning is off: its thread sleeps 10, 20, 40, ... ms, and the end of an epoch waits for it, so every
    side's call would take 630, 1270 or 2550 ms.
    """
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices(columns).batch(batch_size).cache().with_options(options)


def evaluated(
    num_queries: int, num_candidates: int, embedding_dim: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return queries near their true candidates, all candidates, and the true row of each query."""
    generator = np.random.default_rng(0)
    candidates = vectors(num_candidates, embedding_dim, seed=1)
    truth = generator.integers(0, num_candidates, num_queries, dtype="int32")
    queries = 0.3 * candidates[truth] + vectors(num_queries, embedding_dim, seed=2)
    return queries, candidates, truth


def vectors(number: int, embedding_dim: int, seed: int) -> np.ndarray:
    """Draw `[number, embedding_dim]` standard normal numbers."""
    return np.random.default_rng(seed).standard_normal((number, embedding_dim), dtype="float32")
