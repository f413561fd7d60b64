"""Top-k metrics over the catalogue, beside retrieving the top k and looking for the true one."""

import numpy as np
import tensorflow as tf
from benchmarks.measure import Row, matmul_ms, medians_ms

import shortlist as sl

BATCH_SIZE, KS = 1024, (1, 5, 10, 50, 100)


def rows(sizes: tuple[tuple[int, int, int], ...]) -> list[Row]:
    return [_row(*size) for size in sizes]


def _row(num_queries: int, num_candidates: int, dim: int) -> Row:
    generator = np.random.default_rng(0)
    vectors = tf.constant(generator.normal(size=(num_candidates, dim)).astype("float32"))
    queries = tf.constant(generator.normal(size=(num_queries, dim)).astype("float32"))
    truth = tf.constant(generator.integers(0, num_candidates, num_queries))
    metric = sl.metrics.FactorizedTopK(
        [(np.arange(num_candidates), vectors.numpy())], ks=KS, measures=("recall",)
    )
    metric.refresh()
    update = tf.function(lambda query, true: metric.update_state(query, true_candidate_ids=true))
    retrieve = tf.function(lambda query, true: _by_retrieval(vectors, query, true))

    def in_batches(function):
        for start in range(0, num_queries, BATCH_SIZE):
            function(queries[start : start + BATCH_SIZE], truth[start : start + BATCH_SIZE])

    ours, peer = medians_ms([lambda: in_batches(update), lambda: in_batches(retrieve)], repeats=3)
    what = f"evaluate, {num_queries} queries x {num_candidates} candidates, dim {dim}"
    return Row(what, "top-k, then look", ours, peer, matmul_ms(num_queries, dim, num_candidates))


def _by_retrieval(vectors, queries, truth):
    _, found = tf.math.top_k(tf.matmul(queries, vectors, transpose_b=True), max(KS))
    hits = tf.cast(found == tf.cast(truth[:, None], tf.int32), tf.float32)
    return [tf.reduce_mean(tf.reduce_sum(hits[:, :k], axis=1)) for k in KS]
