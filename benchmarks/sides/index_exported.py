"""A partitioned index as TensorFlow alone loads it: a SavedModel, asked by its signatures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from benchmarks.measure import serve

from benchmarks import worlds


def prepare(folder: str, num_queries: int, k: int, request: str = "") -> Callable[[], list[list[int]]]:
    """All queries that there are, `num_queries` a call; filters are the same for all."""
    candidates, queries = worlds.load(folder)
    num_candidates, generator = len(candidates), np.random.default_rng(1)
    del candidates
    model = tf.saved_model.load(str(Path(folder, "exported")))
    inputs = {"queries": tf.constant(queries[:num_queries])}
    name = "serving_default"
    if request:
        size = {"exclude": 10_000, "allow": num_candidates // 100}[request]
        ids = generator.choice(num_candidates, size, replace=False).astype("int64")
        others = {"exclude", "allow"} - {request}
        nothing = {other: tf.zeros((num_queries, 0), tf.int64) for other in others}
        filled = {request: tf.constant(np.repeat(ids[None], num_queries, axis=0))}
        inputs, name = {**inputs, **nothing, **filled, "k": tf.constant(k)}, "search"
    answer = model.signatures[name]

    def ask() -> list[list[int]]:
        return answer(**inputs)["ids"].numpy().tolist()

    ask.model = model  # type: ignore[attr-defined] - held as long as it is asked
    return ask


if __name__ == "__main__":
    serve(prepare)
