"""FactorizedTopK with exclusions, through approximate indexes that search everything."""

import importlib.util
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles.ranking import mean_metrics, ranking_metrics

import shortlist as sl
from shortlist.metrics import FactorizedTopK

pytestmark = pytest.mark.contract
NUM_ITEMS, NUM_QUERIES = 60, 24
GENERATOR = np.random.default_rng(7)
VECTORS = GENERATOR.normal(size=(NUM_ITEMS, 4)).astype("float32")
QUERIES = GENERATOR.normal(size=(NUM_QUERIES, 4)).astype("float32")
SCORES = QUERIES.astype("float64") @ VECTORS.T.astype("float64")
IDS = np.arange(NUM_ITEMS, dtype="int32")[::-1] * 7 + 1000  # never a row number
KS, METRICS = (1, 5), ("recall", "mrr", "ndcg", "map")
NO_FAISS = pytest.mark.skipif(importlib.util.find_spec("faiss") is None, reason="faiss is not installed")
INDEXES = [
    pytest.param(lambda: sl.indexes.Partitioned(probes=1000), id="Partitioned"),
    pytest.param(lambda: sl.indexes.Faiss(nprobe=1000), id="Faiss", marks=NO_FAISS),
]


def world() -> tuple[list[list[int]], list[list[int]]]:
    """Two true rows of each query, and excluded ones: mostly its best, a true one now and then, or none."""
    best_first = np.argsort(-SCORES, axis=1)
    true = [[int(line[3]), int(line[20 + number % 3])] for number, line in enumerate(best_first)]
    excluded = [[int(row) for row in line[: number % 6]] for number, line in enumerate(best_first)]
    return true, excluded


def as_ids(rows: list[list[int]]) -> Any:
    ids = np.full((len(rows), max(map(len, rows))), -1, "int32")
    for line, some in zip(ids, rows, strict=True):
        line[: len(some)] = IDS[some]
    return ids


def expected(true: list[list[int]], excluded: list[list[int]]) -> dict[str, float]:
    values = {}
    for k in KS:
        rows = zip(SCORES, true, excluded, strict=True)
        mean = mean_metrics([ranking_metrics(line, own, k, out) for line, own, out in rows])
        assert mean is not None
        values |= {f"{measure}_at_{k}": mean[measure] for measure in METRICS}
    return values


class Model(sl.Model):
    def __init__(self, metric: FactorizedTopK) -> None:
        super().__init__()
        self.metric = metric

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        self.metric.update_state(
            inputs["query"], true_candidate_ids=inputs["true"], excluded_ids=inputs["excluded"]
        )
        return keras.ops.zeros(())


@pytest.mark.filterwarnings("ignore:metric .* evaluates the results of")
@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
@pytest.mark.parametrize("make", INDEXES)
def test_metrics_with_exclusions_equal_the_oracle(make: Callable[[], Any], compiled: bool) -> None:
    true, excluded = world()
    metric = FactorizedTopK(make().index(VECTORS, IDS), ks=KS, metrics=METRICS)
    data = {"query": QUERIES, "true": as_ids(true), "excluded": as_ids(excluded)}
    if compiled:
        model = Model(metric)
        model.compile()
        logs = model.evaluate(data, batch_size=8, verbose=0, return_dict=True)
        found = {name: value for name, value in logs.items() if "_at_" in name}
    else:
        metric.refresh()
        metric.update_state(data["query"], true_candidate_ids=data["true"], excluded_ids=data["excluded"])
        found = {name: float(value) for name, value in metric.result().items()}
    assert found == pytest.approx(expected(true, excluded), abs=1e-6)
    assert expected(true, excluded) != expected(true, [[]] * NUM_QUERIES)
