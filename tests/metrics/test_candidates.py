"""Candidates come back as they went in, from memory and from the disk; their tiles hold each of them once."""

import keras
import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.metrics._candidates import Candidates, CandidatesInMemory, CandidatesOnDisk, widened

pytestmark = pytest.mark.contract
VECTORS = np.random.default_rng(0).normal(size=(1500, 3)).astype("float32")


@pytest.fixture(params=["memory", "disk"])
def candidates(request: pytest.FixtureRequest) -> Candidates:
    if request.param == "disk":
        return CandidatesOnDisk([VECTORS[:7], VECTORS[7:1500]])
    return CandidatesInMemory(1500, keras.Variable(widened(VECTORS), trainable=False))


def test_vectors_of_rows(candidates: Candidates) -> None:
    rows = np.int32([1499, 0, 7, 7])
    found = candidates.vectors(keras.ops.convert_to_tensor(rows))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), VECTORS[rows])


@pytest.mark.parametrize("num_columns", [1, 10**9])
def test_tiles_hold_every_candidate_once_and_nothing_else(candidates: Candidates, num_columns: int) -> None:
    def add(carry: tuple, tile: object, first: object) -> tuple:
        return (carry[0] + keras.ops.sum(tile, axis=0),)

    (total,) = candidates.fold(add, (keras.ops.zeros((4,)),), num_columns)
    expected = [*VECTORS.sum(axis=0), 1500]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(total), expected, rtol=1e-4, atol=1e-3)


def test_fillers_are_known(candidates: Candidates) -> None:
    assert candidates.num_candidates == 1500
    assert candidates.num_rows in (1536, 2048)


def test_no_candidates_on_the_disk() -> None:
    with pytest.raises(ArgumentError, match="at least one batch"):
        CandidatesOnDisk([])


def test_batches_of_two_widths() -> None:
    with pytest.raises(ArgumentError, match=r"must have one dim, got \[2, 3\]"):
        CandidatesOnDisk([np.zeros((1, 2), "float32"), np.zeros((1, 3), "float32")])
