"""What the retrieval task refuses, and that it says why."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.tasks import Retrieval


@pytest.mark.contract
@pytest.mark.parametrize(
    ("queries", "candidates"),
    [((4, 2, 2, 2), (4, 2)), ((4,), (4, 2)), ((4, 2), (4, 1, 2)), ((4, 2), (4, 3)), ((4, 2), (3, 2))],
)
def test_shapes_that_do_not_fit_are_refused(queries: tuple[int, ...], candidates: tuple[int, ...]) -> None:
    with pytest.raises(ArgumentError, match="must have shape|same output size|must have a row"):
        Retrieval()(np.ones(queries, "float32"), np.ones(candidates, "float32"))


def test_more_queries_than_candidates_say_how_many() -> None:
    with pytest.raises(ArgumentError, match="4 queries and 3 candidates"):
        Retrieval()(np.ones((4, 2), "float32"), np.ones((3, 2), "float32"))


def test_double_batching_is_named() -> None:
    with pytest.raises(ArgumentError, match="batched twice"):
        Retrieval()(np.ones((1, 4, 2, 2), "float32"), np.ones((4, 2), "float32"))


@pytest.mark.parametrize(
    ("argument", "shape"),
    [
        ("candidate_sampling_probability", (1,)),
        ("candidate_sampling_probability", (4,)),
        ("candidate_ids", (4,)),
        ("query_ids", (3,)),
        ("score_mask", (4, 1)),
        ("score_mask", (5,)),
        ("sample_weight", (1,)),
        ("sample_weight", (5,)),
    ],
)
def test_an_argument_that_would_broadcast_is_refused(argument: str, shape: tuple[int, ...]) -> None:
    """Four queries and five candidates."""
    with pytest.raises(ArgumentError, match=argument):
        Retrieval()(
            np.eye(4, dtype="float32"), np.eye(5, 4, dtype="float32"), **{argument: np.ones(shape, "int32")}
        )


@pytest.mark.parametrize("loss", [keras.losses.Huber(), "InBatchSoftmax", 3])
def test_what_is_no_retrieval_loss_is_refused(loss: Any) -> None:
    with pytest.raises(ArgumentError, match=r"RetrievalLoss.*OnLogits"):
        Retrieval(loss)


def test_batch_metrics_need_a_loss_with_logits() -> None:
    def loss(queries: Any, candidates: Any, negatives: Any, sample_weight: Any = None) -> Any:
        return keras.ops.sum(queries)

    assert float(Retrieval(loss)(np.ones((2, 2), "float32"), np.ones((2, 2), "float32"))) == 4
    with pytest.raises(ArgumentError, match="method logits"):
        Retrieval(loss, batch_metrics=keras.metrics.CategoricalAccuracy())
