"""Train two towers of ids with TensorFlow Recommenders, by `fit`."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_recommenders as tfrs
from benchmarks.data import batches, pairs
from benchmarks.measure import serve


class TwoTowers(tfrs.Model):
    def __init__(self, num_users, num_movies, embedding_dim):
        super().__init__()
        self.users = tf.keras.layers.Embedding(num_users, embedding_dim)
        self.movies = tf.keras.layers.Embedding(num_movies, embedding_dim)
        self.task = tfrs.tasks.Retrieval()

    def compute_loss(self, inputs, training=False):
        return self.task(self.users(inputs["user"]), self.movies(inputs["movie"]), compute_metrics=False)


def prepare(
    num_users: int,
    num_movies: int,
    embedding_dim: int,
    batch_size: int,
    steps: int,
    optimizer: str = "Adagrad",
) -> Callable[[], None]:
    model = TwoTowers(num_users, num_movies, embedding_dim)
    for tower in (model.users, model.movies):
        tower.build(None)
    model.compile(optimizer=getattr(tf.keras.optimizers, optimizer)(0.1))
    model.optimizer.build(model.trainable_variables)
    data = batches(pairs(num_users, num_movies, steps * batch_size), batch_size)
    return lambda: _fit(model, data)


def _fit(model, data) -> None:
    model.fit(data, epochs=1, verbose=0)


if __name__ == "__main__":
    serve(prepare)
