"""Query TFRS's exact index over the same candidates."""

from collections.abc import Callable

import tensorflow as tf
import tensorflow_recommenders as tfrs
from benchmarks.measure import serve

from benchmarks import worlds


def prepare(folder: str, num_queries: int, turns: int, k: int) -> Callable[[], list[list[int]]]:
    candidates, queries = worlds.load(folder)
    index = tfrs.layers.factorized_top_k.BruteForce(k=k).index(candidates)
    asked = [tf.constant(some) for some in worlds.in_turns(queries, num_queries, turns)]
    return lambda: [line for some in asked for line in index(some)[1].numpy().tolist()]


if __name__ == "__main__":
    serve(prepare)
