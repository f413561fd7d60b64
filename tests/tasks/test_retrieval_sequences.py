"""Queries of sequences: every position that is no padding is a query by itself."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles.softmax import in_batch_softmax

from shortlist.errors import ArgumentError
from shortlist.layers import StreamingFrequency
from shortlist.losses import InBatchSoftmax, Vectors
from shortlist.metrics import FactorizedTopK
from shortlist.tasks import Retrieval

pytestmark = pytest.mark.contract
MASK = np.array([[True, True, False], [True, False, False]])
IDS = np.int32([[3, 1, 0], [1, 0, 0]])
GENERATOR = np.random.default_rng(0)
QUERIES, CANDIDATES = GENERATOR.normal(size=(2, 2, 3, 4)).astype("float32")


def oracle(**arguments: Any) -> Any:
    """Of the three positions that are no padding."""
    return in_batch_softmax(QUERIES[MASK], CANDIDATES[MASK], **arguments)


def test_positions_are_queries_and_padding_is_nothing() -> None:
    """Garbage in the padding changes nothing, not even with the id of a candidate."""
    for garbage in (0.0, 50.0):
        padded = (np.where(MASK[:, :, None], one, np.float32(garbage)) for one in (QUERIES, CANDIDATES))
        ids = np.where(MASK, IDS, 3).astype("int32")
        loss = Retrieval()(*padded, query_mask=MASK, candidate_ids=ids, query_ids=np.int32([7, 8]))
        expected = oracle(
            candidate_ids=[3, 1, 1],
            query_ids=[7, 7, 8],
            mask_false_negatives=True,
            remove_accidental_hits=True,
        )
        assert float(loss) == pytest.approx(expected["loss"], rel=1e-5)


@pytest.mark.parametrize("weights", [np.float32([2, 1]), np.float32([[2, 2, 9], [1, 9, 9]])])
def test_weights_are_of_sequences_or_of_positions(weights: np.ndarray) -> None:
    loss = Retrieval()(QUERIES, CANDIDATES, query_mask=MASK, sample_weight=weights)
    assert float(loss) == pytest.approx(oracle(sample_weight=[2, 2, 1])["loss"], rel=1e-5)


def test_padding_is_not_counted_and_not_evaluated() -> None:
    frequency = StreamingFrequency(num_rows=4)
    metric = FactorizedTopK([(np.int32([1, 3]), CANDIDATES[MASK][[1, 0]])], ks=(2,), metrics=("recall",))
    metric.refresh()
    task = Retrieval(InBatchSoftmax(remove_accidental_hits=False), metric, log_q=frequency)
    arguments = {"query_mask": MASK, "candidate_ids": IDS}
    loss = task(QUERIES, CANDIDATES, training=True, compute_metrics=True, **arguments)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(frequency.counts.value), [0, 2, 0, 1])
    expected = oracle(log_probability=np.log([1 / 3, 2 / 3, 2 / 3]))
    assert float(loss) == pytest.approx(expected["loss"], rel=1e-5)
    assert [float(value) for value in metric.result().values()] == [1.0]


def test_drawn_negatives_of_positions_and_of_all() -> None:
    shared, own = GENERATOR.normal(size=(2, 4)), GENERATOR.normal(size=(2, 3, 2, 4))
    own_ids = np.int32([[[3, 5], [1, 6], [0, 0]], [[1, 3], [0, 0], [0, 0]]])
    loss = Retrieval()(
        QUERIES,
        CANDIDATES,
        query_mask=MASK,
        candidate_ids=IDS,
        shared=Vectors(np.float32(shared), codes=np.int32([3, 9])),
        per_query=Vectors(np.float32(own), codes=own_ids),
    )
    expected = in_batch_softmax(
        QUERIES[MASK],
        np.concatenate([CANDIDATES[MASK], shared]),
        candidate_ids=[3, 1, 1, 3, 9],
        remove_accidental_hits=True,
        own=own[MASK],
        own_ids=own_ids[MASK],
    )
    assert float(loss) == pytest.approx(expected["loss"], rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"query_mask": MASK[0]}, "query_mask must have shape"),
        ({"query_mask": MASK[:, :2]}, "query_embeddings must have shape"),
        ({"candidate_embeddings": CANDIDATES[0]}, "candidate_embeddings must have shape"),
        ({"score_mask": np.ones((2, 2), bool)}, "score_mask must be None"),
        ({"per_query": Vectors(np.zeros((2, 3, 4), "float32"))}, "per_query.vectors must have shape"),
    ],
)
def test_shapes_that_do_not_fit(changes: dict[str, Any], message: str) -> None:
    arguments = {"query_embeddings": QUERIES, "candidate_embeddings": CANDIDATES, "query_mask": MASK}
    with pytest.raises(ArgumentError, match=message):
        Retrieval()(**(arguments | changes))
