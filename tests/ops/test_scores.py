"""Dot products next to NumPy's in float64."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles import softmax

from shortlist.errors import ArgumentError
from shortlist.ops import pairwise_scores, per_query_scores, true_scores, unit_vectors


def vectors(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


@pytest.mark.contract
@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 3), (4, 1, 3)])
def test_equals_the_oracle(shape: tuple[int, ...]) -> None:
    queries, candidates = vectors(shape), vectors((5, 3), 1)
    expected = softmax.scores(queries.astype("float64"), candidates.astype("float64"))
    np.testing.assert_allclose(to_numpy(pairwise_scores(queries, candidates)), expected, atol=1e-5)
    np.testing.assert_allclose(
        to_numpy(true_scores(queries, candidates[:4])), np.diagonal(expected), atol=1e-5
    )


@pytest.mark.contract
@pytest.mark.parametrize("shape", [(4, 3), (4, 2, 3)])
def test_scores_of_candidates_of_each_query(shape: tuple[int, ...]) -> None:
    queries, candidates = vectors(shape), vectors((4, 5, 3), 1)
    rows = zip(queries.astype("float64"), candidates.astype("float64"), strict=True)
    expected = [softmax.scores(query[None], own)[0] for query, own in rows]
    np.testing.assert_allclose(to_numpy(per_query_scores(queries, candidates)), expected, atol=1e-5)
    with pytest.raises(ArgumentError, match="num_candidates, dim"):
        per_query_scores(queries, candidates[0])


@pytest.mark.contract
def test_half_precision_scores_are_float32() -> None:
    """131,072 does not fit in float16, and 257 not in bfloat16."""
    large = keras.ops.convert_to_tensor([[256.0, 256.0]], dtype="float16")
    assert to_numpy(pairwise_scores(large, large)).tolist() == [[131072]]
    assert to_numpy(true_scores(large, large)).tolist() == [131072]
    fine = keras.ops.convert_to_tensor([[16.0, 1.0]], dtype="bfloat16")
    assert to_numpy(pairwise_scores(fine, fine)).tolist() == [[257]]
    assert to_numpy(pairwise_scores(fine, fine)).dtype == np.float32


@pytest.mark.contract
@pytest.mark.parametrize(
    ("queries", "candidates", "message"),
    [
        ((3,), (4, 3), "batched twice"),
        ((2, 2, 2, 3), (4, 3), "batched twice"),
        ((2, 3), (4,), "batched twice"),
        ((2, 3), (1, 4, 3), "batched twice"),
        ((2, 3), (4, 2), r"equal last dimensions, got \(3, 2\)"),
        ((2, 5, 3), (4, 2), r"equal last dimensions, got \(3, 2\)"),
    ],
)
def test_shapes_that_do_not_fit(queries: Any, candidates: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        pairwise_scores(np.ones(queries, "float32"), np.ones(candidates, "float32"))


EXTREMES = np.float32([[3e-30, -4e-30], [3e30, -4e30], [0, 0], [3, -4], [3.4e38, -3.4e38], [0, 2e-38]])


@pytest.mark.contract
def test_vectors_of_any_size_get_length_one_except_zero() -> None:
    wide = EXTREMES.astype("float64")
    lengths = np.sqrt((wide**2).sum(axis=1, keepdims=True))
    expected = np.divide(wide, lengths, out=np.zeros_like(wide), where=lengths > 0)
    host_array, tensors = unit_vectors(EXTREMES), unit_vectors(keras.ops.convert_to_tensor(EXTREMES))
    assert isinstance(host_array, np.ndarray)
    assert host_array.dtype == np.float32
    np.testing.assert_allclose(host_array, expected, atol=1e-6)
    np.testing.assert_allclose(to_numpy(tensors), expected, atol=1e-6)
