"""TensorFlow Recommenders' metric: its names, and hit rates under them."""

import numpy as np
import pytest
from tests.oracles import ranking

import shortlist.tfrs as tfrs

pytestmark = pytest.mark.contract


def test_values_are_hit_rates_under_its_names() -> None:
    generator = np.random.default_rng(3)
    catalog = generator.normal(size=(9, 4)).astype("float32")
    queries, rows = generator.normal(size=(5, 4)).astype("float32"), [3, 0, 8, 3, 1]
    metric = tfrs.metrics.FactorizedTopK([catalog], ks=(1, 4), name="corpus")
    metric.refresh()
    metric.update_state(queries, catalog[rows])
    for k in (1, 4):
        hits = [
            ranking.ranking_metrics(catalog @ query, [row], k)["hit_rate"]
            for query, row in zip(queries, rows, strict=True)
        ]
        value = metric.result()[f"corpus/top_{k}_categorical_accuracy"]
        assert float(value) == pytest.approx(np.mean(hits))


def test_an_index_of_its_layers_may_hold_the_candidates() -> None:
    vectors = np.eye(3, dtype="float32")
    index = tfrs.layers.factorized_top_k.BruteForce().index(vectors, np.array([5, 6, 7]))
    metric = tfrs.metrics.FactorizedTopK(index, ks=(1,))
    metric.refresh()
    metric.update_state(vectors[:2], vectors[:2], true_candidate_ids=np.array([5, 7]))
    assert float(metric.result()["factorized_top_k/top_1_categorical_accuracy"]) == 0.5
