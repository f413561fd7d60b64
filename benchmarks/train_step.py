"""One training step of two towers of ids, beside the same written in plain Keras with a matrix of labels."""

import keras
import numpy as np
import tensorflow as tf
from benchmarks.measure import Row, matmul_ms, medians_ms
from keras import ops

import shortlist as sl

NUM_USERS, NUM_MOVIES, EMBEDDING_DIM = 6040, 3706, 32


class Ours(sl.Model):
    def __init__(self) -> None:
        super().__init__()
        self.users = keras.layers.Embedding(NUM_USERS, EMBEDDING_DIM)
        self.movies = keras.layers.Embedding(NUM_MOVIES, EMBEDDING_DIM)
        self.task = sl.tasks.Retrieval()

    def compute_loss(self, inputs, training=False):
        return self.task(self.users(inputs["user"]), self.movies(inputs["movie"]))


class Plain(Ours):
    def compute_loss(self, inputs, training=False):
        logits = ops.matmul(self.users(inputs["user"]), ops.transpose(self.movies(inputs["movie"])))
        labels = ops.eye(ops.shape(logits)[0])
        return ops.mean(keras.losses.categorical_crossentropy(labels, logits, from_logits=True))


def rows(batch_sizes: tuple[int, ...]) -> list[Row]:
    return [_row(batch_size) for batch_size in batch_sizes]


def _row(batch_size: int) -> Row:
    generator = np.random.default_rng(0)
    batch = {
        "user": tf.constant(generator.integers(0, NUM_USERS, batch_size)),
        "movie": tf.constant(generator.integers(0, NUM_MOVIES, batch_size)),
    }
    ours, plain = medians_ms([_step(Ours(), batch), _step(Plain(), batch)])
    ceiling = 3 * matmul_ms(batch_size, EMBEDDING_DIM, batch_size)  # scores, and a gradient for each side
    what = f"train step, {NUM_USERS} x {NUM_MOVIES} ids, batch {batch_size}, dim {EMBEDDING_DIM}, Adagrad"
    return Row(what, "plain Keras", ours, plain, ceiling)


def _step(model, batch):
    model.compile(optimizer=keras.optimizers.Adagrad(0.1))
    step = tf.function(model.train_step)
    return lambda: float(step(batch)["loss"])
