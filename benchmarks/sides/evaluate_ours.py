"""Compute Shortlist's top-k metrics over a catalog by `evaluate`."""

from collections.abc import Callable

import keras
import numpy as np
from benchmarks.data import batches, evaluated
from benchmarks.measure import serve

import shortlist as sl


class TwoTowers(sl.Model):
    def __init__(self, users, movies, catalog, ks, has_loss):
        super().__init__()
        self.users, self.movies, self.has_loss = users, movies, has_loss
        self.metric = sl.metrics.FactorizedTopK(catalog, encoder=movies, ks=ks, metrics=("recall",))
        self.task = sl.tasks.Retrieval(metrics=self.metric)

    def compute_loss(self, inputs, training=False):
        queries, candidates = self.users(inputs["user"]), self.movies(inputs["movie"])
        if self.has_loss:
            return self.task(queries, candidates, candidate_ids=inputs["movie"])
        self.metric.update_state(queries, true_candidate_ids=inputs["movie"])
        return keras.ops.zeros(())


def prepare(
    num_queries: int,
    num_candidates: int,
    embedding_dim: int,
    batch_size: int,
    ks: list[int],
    has_loss: bool = True,
) -> Callable[[], dict[str, float]]:
    queries, candidates, truth = evaluated(num_queries, num_candidates, embedding_dim)
    users, movies = (keras.layers.Embedding(*table.shape) for table in (queries, candidates))
    for tower, table in ((users, queries), (movies, candidates)):
        tower.build(None)
        tower.set_weights([table])
    rows = np.arange(num_candidates)
    model = TwoTowers(users, movies, [(rows, rows)], ks, has_loss)
    model.compile()
    data = batches({"user": np.arange(num_queries), "movie": truth}, batch_size)

    def evaluate() -> dict[str, float]:
        logs = model.evaluate(data, verbose=0, return_dict=True)
        return {str(k): float(logs[f"recall_at_{k}"]) for k in ks}

    return evaluate


if __name__ == "__main__":
    serve(prepare)
