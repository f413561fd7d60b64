"""Train two towers of ids as in the guides of keras-rs: a Keras model with labels as a matrix, by `fit`."""

from collections.abc import Callable

import keras
import keras_rs
from benchmarks.data import batches, pairs
from benchmarks.measure import serve


class TwoTowers(keras.Model):
    def __init__(self, num_users, num_movies, embedding_dim):
        super().__init__()
        self.users = keras.layers.Embedding(num_users, embedding_dim)
        self.movies = keras.layers.Embedding(num_movies, embedding_dim)
        self.retrieval = keras_rs.layers.BruteForceRetrieval(k=10, return_scores=False)
        self.softmax = keras.losses.CategoricalCrossentropy(from_logits=True, reduction="sum")

    def build(self, input_shape):
        for tower in (self.users, self.movies):
            tower.build(None)
        self.retrieval.candidate_embeddings = self.movies.embeddings
        self.built = True

    def call(self, inputs, training=False):
        queries = self.users(inputs)
        return queries if training else self.retrieval(queries)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        scores = keras.ops.matmul(y_pred, keras.ops.transpose(self.movies(y)))
        return self.softmax(keras.ops.eye(keras.ops.shape(scores)[0]), scores)


def prepare(
    num_users: int,
    num_movies: int,
    embedding_dim: int,
    batch_size: int,
    steps: int,
    optimizer: str = "Adagrad",
) -> Callable[[], None]:
    model = TwoTowers(num_users, num_movies, embedding_dim)
    model.build(None)
    model.compile(optimizer=getattr(keras.optimizers, optimizer)(0.1))
    model.optimizer.build(model.trainable_variables)
    columns = pairs(num_users, num_movies, steps * batch_size)
    users, movies = columns["user"], columns["movie"]
    if keras.backend.backend() == "tensorflow":
        data = batches((users, movies), batch_size)
        return lambda: _fit(model, x=data)
    return lambda: _fit(model, x=users, y=movies, batch_size=batch_size, shuffle=False)


def _fit(model, **data) -> None:
    model.fit(**data, epochs=1, verbose=0)


if __name__ == "__main__":
    serve(prepare)
