"""Find the top k of all candidates with the exact index of keras-rs."""

from collections.abc import Callable

import keras
import keras_rs
from benchmarks.data import vectors
from benchmarks.measure import serve


def prepare(
    num_candidates: int, embedding_dim: int, num_queries: int, k: int
) -> Callable[[], list[list[int]]]:
    index = keras_rs.layers.BruteForceRetrieval(vectors(num_candidates, embedding_dim, seed=1), k=k)
    queries = keras.ops.convert_to_tensor(vectors(num_queries, embedding_dim, seed=2))
    return lambda: keras.ops.convert_to_numpy(index(queries)[1]).tolist()


if __name__ == "__main__":
    serve(prepare)
