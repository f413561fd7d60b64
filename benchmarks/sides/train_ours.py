"""Train two towers of ids with Shortlist, by `fit`."""

from collections.abc import Callable

import keras
from benchmarks.data import batches, pairs
from benchmarks.measure import serve

import shortlist as sl
from shortlist import layers, optimizers


class TwoTowers(sl.Model):
    def __init__(self, users, movies):
        super().__init__()
        self.users, self.movies = users, movies
        self.task = sl.tasks.Retrieval()

    def compute_loss(self, inputs, training=False):
        return self.task(self.users(inputs["user"]), self.movies(inputs["movie"]))


def prepare(
    num_users: int,
    num_movies: int,
    embedding_dim: int,
    batch_size: int,
    steps: int,
    optimizer: str = "Adagrad",
    parts: str = "shortlist",
) -> Callable[[], None]:
    """Return training steps; `parts="keras"` uses the embeddings and the optimizer of Keras."""
    embeddings, steppers = (layers, optimizers) if parts == "shortlist" else (keras.layers, keras.optimizers)
    towers = [embeddings.Embedding(size, embedding_dim) for size in (num_users, num_movies)]
    for tower in towers:
        tower.build(None)
    model = TwoTowers(*towers)
    model.compile(optimizer=getattr(steppers, optimizer)(0.1))
    model.optimizer.build(model.trainable_variables)  # build its tables before memory is measured
    data = pairs(num_users, num_movies, steps * batch_size)
    if keras.backend.backend() == "tensorflow":
        data, fed = batches(data, batch_size), {}
    else:
        fed = {"batch_size": batch_size, "shuffle": False}
    return lambda: _fit(model, data, fed)


def _fit(model, data, fed) -> None:
    model.fit(data, epochs=1, verbose=0, **fed)


if __name__ == "__main__":
    serve(prepare)
