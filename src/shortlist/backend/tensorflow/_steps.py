"""Training and evaluation steps on TensorFlow, and the dataset that feeds them."""

from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.backend._row_wise import deduplicated_gradients
from shortlist.errors import BackendError, must

__all__ = ["as_dataset", "check_replicas", "test_step", "train_step"]


def check_replicas(model: Any) -> None:
    # Refuse a distribution strategy whose replicas would each see their own negatives.
    replicas = model.distribute_strategy.num_replicas_in_sync
    if replicas > 1:
        fix = "Use one device, or the JAX backend with keras.distribution.DataParallel"
        raise BackendError(must(type(model).__name__, "run on 1 replica", got=replicas, fix=fix))


def as_dataset(batches: Any) -> Any:
    # Keras would read a generator. TensorFlow then returns memory to the system after each step, and asking
    # for it again takes half of the time of an epoch.
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

    # The autotuning thread sleeps for longer and longer, and the end of each epoch waits for it to wake.
    options = tf.data.Options()
    options.autotune.enabled = False
    return tf.data.Dataset.range(batches.num_batches).map(load).prefetch(2).with_options(options)


def train_step(model: Any, *args: Any) -> Any:
    (batch,) = args
    with tf.GradientTape() as tape:
        total_loss = model.total_loss(batch, training=True)
        scaled_loss = model.optimizer.scale_loss(total_loss)
    variables = model.trainable_weights
    gradients = tape.gradient(scaled_loss, variables)
    with deduplicated_gradients(model.optimizer, gradients, variables) as tensors:
        model.optimizer.apply_gradients(zip(tensors, variables, strict=True))
    return model.get_metrics_result()


def test_step(model: Any, *args: Any) -> Any:
    (batch,) = args
    model.total_loss(batch, training=False)
    return model.get_metrics_result()
