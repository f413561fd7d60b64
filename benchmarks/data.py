"""What the training sides learn from: random pairs of rows, and how Keras is given them on each backend."""

from typing import Any

import numpy as np


def pairs(num_users: int, num_movies: int, num_rows: int) -> dict[str, np.ndarray]:
    """Rows of two embedding tables, each drawn evenly."""
    generator = np.random.default_rng(0)
    sizes = {"user": num_users, "movie": num_movies}
    return {name: generator.integers(0, size, num_rows, dtype="int32") for name, size in sizes.items()}


def batches(columns: Any, batch_size: int) -> Any:
    """A `tf.data.Dataset` that keeps its batches, as TFRS' and keras-rs' guides have it."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices(columns).batch(batch_size).cache()
