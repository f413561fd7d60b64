"""Query the SavedModel of a partitioned index through its signatures, with TensorFlow alone."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from benchmarks.measure import serve

from benchmarks import worlds


def prepare(
    folder: str, num_queries: int, turns: int, k: int, request: str = "", lists: int = 1
) -> Callable[[], list[list[int]]]:
    """Return requests of `num_queries`, with `lists` lists of excluded or allowed ids."""
    candidates, queries = worlds.load(folder)
    num_candidates, generator = len(candidates), np.random.default_rng(1)
    del candidates
    model = tf.saved_model.load(str(Path(folder, "exported")))
    asked = [tf.constant(some) for some in worlds.in_turns(queries, num_queries, turns)]
    inputs, name = {}, "serving_default"
    if request:
        size = {"exclude": 10_000, "allow": num_candidates // 100}[request]
        each = [generator.choice(num_candidates, size, replace=False) for _ in range(lists)]
        ids = np.resize(np.int64(each), (num_queries, size))
        others = {"exclude", "allow"} - {request}
        nothing = {other: tf.zeros((num_queries, 0), tf.int64) for other in others}
        filled = {request: tf.constant(ids)}
        inputs, name = {**nothing, **filled, "k": tf.constant(k)}, "search"
    answer = model.signatures[name]

    def ask() -> list[list[int]]:
        answers = (answer(queries=some, **inputs) for some in asked)
        return [line for one in answers for line in one["ids"].numpy().tolist()]

    ask.model = model  # type: ignore[attr-defined] - keep the model alive
    return ask


if __name__ == "__main__":
    serve(prepare)
