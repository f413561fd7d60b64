"""A user's ranking metric in FactorizedTopK and in `evaluate`, next to plain loops."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.metrics import FactorizedTopK, TrueRanks

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(0)
VECTORS, QUERIES = (GENERATOR.normal(size=(n, 4)).astype("float32") for n in (30, 12))
TRUE = GENERATOR.integers(0, 30, 12).astype("int32")
IDS = np.arange(30)


@keras.saving.register_keras_serializable("tests.metrics")
def gain(ranks: TrueRanks, k: int) -> Any:
    """Give `1 / rank^2` for hits."""
    return ranks.xp.sum(ranks.expected_sum(1 / np.arange(1, k + 1) ** 2), axis=1)


def expected(k: int) -> float:
    ranks = [int(np.sum(VECTORS @ q > VECTORS[t] @ q)) + 1 for q, t in zip(QUERIES, TRUE, strict=True)]
    return float(np.mean([1 / rank**2 if rank <= k else 0 for rank in ranks]))


def test_in_a_metric_that_is_saved(tmp_path: Path) -> None:
    class Model(sl.Model):
        def __init__(self, metric: FactorizedTopK) -> None:
            super().__init__()
            self.metric = metric

        def compute_loss(self, inputs: Any, training: bool = False) -> Any:
            self.metric.update_state(inputs["query"], true_candidate_ids=inputs["id"])
            return keras.ops.zeros(())

    metric = FactorizedTopK([(IDS, VECTORS)], ks=(1, 5), metrics=("mrr", gain))
    again = FactorizedTopK.from_config(metric.get_config())
    assert again.get_config() == metric.get_config()
    again.set_candidates([(IDS, VECTORS)])
    for one in (metric, again):
        model = Model(one)
        model.compile()
        logs = model.evaluate({"query": QUERIES, "id": TRUE}, batch_size=5, verbose=0, return_dict=True)
        assert {name for name in logs if "_at_" in name} == {"mrr_at_1", "mrr_at_5", "gain_at_1", "gain_at_5"}
        for k in (1, 5):
            assert logs[f"gain_at_{k}"] == pytest.approx(expected(k), abs=1e-6)


def test_in_an_evaluation_of_lists() -> None:
    users = [f"u{number}" for number in range(12)]
    test = sl.data.Interactions.from_table(
        {"user": users, "item": [f"i{row}" for row in TRUE]}, user="user", item="item"
    )
    order = np.argsort(-(QUERIES @ VECTORS.T), axis=1)
    lists = {user: [f"i{row}" for row in rows] for user, rows in zip(users, order, strict=True)}
    found = sl.evaluation.evaluate(
        lambda asked, k, exclude: [lists[user][:k] for user in asked.tolist()],
        test,
        ks=(5,),
        metrics=(gain, "recall"),
    )
    assert list(found) == ["gain_at_5", "recall_at_5"]
    assert found["gain_at_5"] == pytest.approx(expected(5))


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        (("auc",), "metrics must be names from .*or functions .ranks, k., got .'auc'"),
        ("recall", "metrics must be names from .*got recall"),
        ((), "metrics must be names from"),
        ((keras.metrics.Mean(),), "metrics must be names from .*or functions .ranks, k."),
        ((gain, gain), r"metrics must have distinct names, got \['gain', 'gain'\]"),
    ],
)
def test_what_is_no_metric_is_refused(metrics: Any, told: str) -> None:
    with pytest.raises(ArgumentError, match=told):
        FactorizedTopK(metrics=metrics)
