"""Compute top-k metrics with keras-rs: `predict` the longest list, then find the true candidate."""

from collections.abc import Callable

import keras
import keras_rs
import numpy as np
from benchmarks.data import batches, evaluated
from benchmarks.measure import serve


class Hits(keras.Model):
    def __init__(self, users, candidates, ks):
        super().__init__()
        self.users, self.ks = users, ks
        self.retrieval = keras_rs.layers.BruteForceRetrieval(k=max(ks), return_scores=False)
        self.retrieval.update_candidates(candidates)

    def call(self, inputs):
        found = self.retrieval(self.users(inputs["user"]))
        is_true = keras.ops.equal(found, keras.ops.expand_dims(inputs["movie"], 1))
        return keras.ops.stack([keras.ops.any(is_true[:, :k], axis=1) for k in self.ks], axis=1)


def prepare(
    num_queries: int, num_candidates: int, embedding_dim: int, batch_size: int, ks: list[int]
) -> Callable[[], dict[str, float]]:
    queries, candidates, truth = evaluated(num_queries, num_candidates, embedding_dim)
    users = keras.layers.Embedding(*queries.shape)
    users.build(None)
    users.set_weights([queries])
    model = Hits(users, candidates, ks)
    data = batches({"user": np.arange(num_queries), "movie": truth}, batch_size)

    def evaluate() -> dict[str, float]:
        hits = model.predict(data, verbose=0)
        return dict(zip(map(str, ks), hits.mean(axis=0).tolist(), strict=True))

    return evaluate


if __name__ == "__main__":
    serve(prepare)
