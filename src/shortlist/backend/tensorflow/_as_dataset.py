"""How batches reach Keras on TensorFlow."""

from typing import Any

import numpy as np
import tensorflow as tf

__all__ = ["as_dataset"]


def as_dataset(batches: Any) -> Any:
    """What `fit` and `evaluate` take in the place of numbered batches.

    Args:
        batches: Has `num_batches`, and `batches[i]`, a dict of NumPy arrays whose first size may differ.

    Returns:
        A `tf.data.Dataset` that asks for each batch when its turn comes.
    """
    # Not by Keras' own way, a generator: TensorFlow then hands memory back after every step, and half of the
    # time of an epoch goes into asking for it again.
    names, example = list(batches[0]), batches[0]
    types = [tf.as_dtype(example[name].dtype) for name in names]

    def arrays(number: np.ndarray) -> list[np.ndarray]:
        batch = batches[int(number)]
        return [batch[name] for name in names]

    def load(number: Any) -> dict[str, Any]:
        loaded = dict(zip(names, tf.numpy_function(arrays, [number], types), strict=True))
        for name, tensor in loaded.items():
            tensor.set_shape([None, *example[name].shape[1:]])
        return loaded

    return tf.data.Dataset.range(batches.num_batches).map(load).prefetch(2).with_options(_untuned())


def _untuned() -> tf.data.Options:
    """Without tuning: its thread sleeps for ever longer, and the end of every pass waits until it wakes."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return options
