"""Find the top k of all candidates with TFRS's exact index."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_recommenders as tfrs
from benchmarks.data import vectors
from benchmarks.measure import serve


def prepare(
    num_candidates: int, embedding_dim: int, num_queries: int, k: int
) -> Callable[[], list[list[int]]]:
    index = tfrs.layers.factorized_top_k.BruteForce(k=k).index(vectors(num_candidates, embedding_dim, seed=1))
    queries = tf.constant(vectors(num_queries, embedding_dim, seed=2))
    return lambda: index(queries)[1].numpy().tolist()


if __name__ == "__main__":
    serve(prepare)
