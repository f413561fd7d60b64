"""A Keras loss on logits; its numbers are held to the oracle in tests/tasks/test_retrieval.py."""

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.losses import InBatchSoftmax, Negatives, OnLogits, Vectors

pytestmark = pytest.mark.contract
CROSS_ENTROPY = keras.losses.CategoricalCrossentropy(from_logits=True)


def test_drawn_negatives_are_columns_of_the_matrix() -> None:
    generator = np.random.default_rng(0)
    queries, candidates, shared = (generator.normal(size=(n, 3)).astype("float32") for n in (4, 5, 2))
    own = generator.normal(size=(4, 3, 3)).astype("float32")
    codes = np.int32([0, 1, 2, 0, 3])
    negatives = Negatives(
        query_codes=np.int32([0, 1, 0, 2]),
        candidate_codes=codes,
        shared=Vectors(shared, codes=np.int32([2, 4])),
        per_query=Vectors(own, codes=np.int32([[0, 2, -1], [1, 0, 3], [2, 2, 0], [9, 0, 5]])),
    )
    labels, logits = OnLogits(CROSS_ENTROPY).logits(queries, candidates, negatives)
    assert tuple(labels.shape) == tuple(logits.shape) == (4, 5 + 2 + 3)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(labels), np.eye(4, 10))
    is_removed = keras.ops.convert_to_numpy(logits)[:, 5:] < -1e8
    expected = [[1, 0, 1, 1, 0], [0, 0, 1, 0, 0], [1, 0, 1, 1, 1], [0, 0, 0, 1, 0]]
    np.testing.assert_array_equal(is_removed, np.bool_(expected))
    for options in ({}, {"remove_false_negatives": False}, {"temperature": 0.5, "num_hard_negatives": 3}):
        losses = (OnLogits(CROSS_ENTROPY, **options), InBatchSoftmax(**options))
        found, same = (float(loss(queries, candidates, negatives)) for loss in losses)
        assert found == pytest.approx(same, rel=1e-5)


def test_config_and_refusals() -> None:
    loss = OnLogits(CROSS_ENTROPY, temperature=0.5)
    again = OnLogits.from_config(loss.get_config())
    assert again.get_config() == loss.get_config()
    with pytest.raises(ArgumentError, match=r"loss must be a keras\.losses\.Loss"):
        OnLogits("mse")
    with pytest.raises(ArgumentError, match="temperature must be"):
        OnLogits(CROSS_ENTROPY, temperature=-1)
