"""Queries and weights that FactorizedTopK cannot count: it raises or warns, and never changes the mean."""

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.metrics import FactorizedTopK

pytestmark = pytest.mark.contract
EYE = np.eye(4, dtype="float32")
IDS = np.int32([10, 11, 12, 13])
INVALID = {"negative": -3.0, "nan": np.nan, "infinite": np.inf}


def metric_over(with_ids: bool = True) -> FactorizedTopK:
    metric = FactorizedTopK([(IDS, EYE)] if with_ids else [EYE], ks=(1,), metrics=("recall", "mrr"))
    metric.refresh()
    return metric


def recall(metric: FactorizedTopK) -> float:
    return float(metric.result()["recall_at_1"])


class Model(sl.Model):
    """Evaluates query vectors that come in the batch, inside the backend's compiled step."""

    def __init__(self, metric: FactorizedTopK) -> None:
        super().__init__()
        self.metric = metric

    def compute_loss(self, inputs: Any, training: bool = False) -> Any:
        self.metric.update_state(
            inputs["query"], true_candidate_ids=inputs["id"], sample_weight=inputs["weight"]
        )
        return keras.ops.zeros(())


def evaluate(queries: Any, weights: Any) -> dict[str, float]:
    model = Model(metric_over())
    model.compile()
    data = {"query": np.float32(queries), "id": IDS, "weight": np.float32(weights)}
    return model.evaluate(data, batch_size=2, verbose=0, return_dict=True)


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
def test_invalid_weights_are_refused(value: float) -> None:
    metric = metric_over()
    with pytest.raises(ArgumentError, match=r"sample_weight must be finite and >= 0, got .* in row 1\."):
        metric.update_state(EYE, true_candidate_ids=IDS, sample_weight=np.float32([1, value, 1, 1]))
    assert recall(metric) == 0  # nothing was added


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
def test_invalid_weights_in_a_compiled_evaluation_are_refused(value: float) -> None:
    with pytest.raises(ArgumentError, match=r"sample_weight must be finite and >= 0, got"):
        evaluate(EYE, [1, 1, 1, value])


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="compiles with tf.function")
def test_invalid_weights_in_a_graph_of_the_user_are_refused_by_result() -> None:
    import tensorflow as tf

    metric = metric_over()
    step: Callable[[Any], Any] = tf.function(
        lambda weights: metric.update_state(EYE, true_candidate_ids=IDS, sample_weight=weights)
    )
    step(tf.constant([1.0, 1.0, 1.0, -1.0]))
    with pytest.raises(ArgumentError, match="got 1 of 4 that are not"):
        metric.result()
    metric.reset_state()
    step(tf.constant([1.0, 1.0, 1.0, 0.0]))
    assert recall(metric) == 1


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("with_ids", [True, False], ids=["by_id", "by_score"])
def test_a_query_that_is_not_finite_is_left_out_with_a_warning(with_ids: bool, value: float) -> None:
    queries = EYE.copy()
    queries[2] = value, 0, 0, 0
    metric = metric_over(with_ids)
    true = {"true_candidate_ids": IDS} if with_ids else {"true_candidate_embeddings": EYE}
    metric.update_state(queries, sample_weight=np.float32([1, 1, 1, 0]), **true)
    with pytest.warns(UserWarning, match=r"left out 1 of 3 queries.*the other 2\."):
        assert recall(metric) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        assert recall(metric) == 1  # reported once
        metric.reset_state()
        metric.update_state(EYE, sample_weight=None, **true)
        assert recall(metric) == 1


def test_a_true_vector_that_is_not_finite_is_left_out() -> None:
    true = EYE.copy()
    true[0, 1] = np.nan
    metric = metric_over(with_ids=False)
    metric.update_state(EYE, true)
    with pytest.warns(UserWarning, match="left out 1 of 4 queries"):
        assert recall(metric) == 1


def test_an_evaluation_warns_once_with_the_total() -> None:
    queries = EYE.copy()
    queries[[0, 3]] = np.nan
    with pytest.warns(UserWarning, match="left out") as caught:
        assert evaluate(queries, [1, 1, 1, 1])["recall_at_1"] == 1
    messages = [str(one.message) for one in caught if "left out" in str(one.message)]
    assert len(messages) == 1
    assert "left out 2 of 4 queries" in messages[0]
