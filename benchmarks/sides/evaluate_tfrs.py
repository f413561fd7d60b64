"""Compute TFRS's top-k metrics over a catalog by `evaluate`, as in its guides."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
import tensorflow_recommenders as tfrs
from benchmarks.data import batches, evaluated
from benchmarks.measure import serve

_CATALOG_BATCH_SIZE = 128  # that of its guides


class TwoTowers(tfrs.Model):
    def __init__(self, users, movies, catalog, ks, has_loss):
        super().__init__()
        self.users, self.movies, self.has_loss = users, movies, has_loss
        self.metric = tfrs.metrics.FactorizedTopK(catalog.batch(_CATALOG_BATCH_SIZE).map(movies), ks=ks)
        self.task = tfrs.tasks.Retrieval(metrics=self.metric)

    def compute_loss(self, inputs, training=False):
        queries, candidates = self.users(inputs["user"]), self.movies(inputs["movie"])
        if self.has_loss:
            return self.task(queries, candidates, compute_metrics=not training)
        self.metric.update_state(queries, candidates)
        return tf.zeros(())


def prepare(
    num_queries: int,
    num_candidates: int,
    embedding_dim: int,
    batch_size: int,
    ks: list[int],
    has_loss: bool = True,
) -> Callable[[], dict[str, float]]:
    queries, candidates, truth = evaluated(num_queries, num_candidates, embedding_dim)
    users, movies = (tf.keras.layers.Embedding(*table.shape) for table in (queries, candidates))
    for tower, table in ((users, queries), (movies, candidates)):
        tower.build(None)
        tower.set_weights([table])
    model = TwoTowers(users, movies, tf.data.Dataset.range(num_candidates), ks, has_loss)
    model.compile()
    data = batches({"user": np.arange(num_queries), "movie": truth}, batch_size)

    def evaluate() -> dict[str, float]:
        logs = model.evaluate(data, verbose=0, return_dict=True)
        return {str(k): float(logs[f"factorized_top_k/top_{k}_categorical_accuracy"]) for k in ks}

    return evaluate


if __name__ == "__main__":
    serve(prepare)
