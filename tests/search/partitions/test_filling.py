"""Every vector is assigned to the nearest partition with room."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.search.partitions._filling import fill


@given(seed=st.integers(0, 99), num=st.integers(1, 40), partitions=st.integers(1, 7), spare=st.integers(0, 5))
def test_no_partition_holds_more_than_its_room(seed, num, partitions, spare):
    generator = np.random.default_rng(seed)
    vectors = generator.integers(-1, 2, (num, 2)).astype("float32")  # many duplicates
    room = generator.multinomial(num + spare, np.ones(partitions) / partitions)
    found = fill(vectors, generator.normal(size=(partitions, 2)).astype("float32"), room)
    assert (np.bincount(found, minlength=partitions) <= room).all()
    assert ((found >= 0) & (found < partitions)).all()


def test_vectors_go_to_the_nearest_partition_if_all_have_room():
    generator = np.random.default_rng(0)
    vectors, centroids = generator.normal(size=(50, 3)), generator.normal(size=(4, 3))
    distances = ((vectors[:, None] - centroids[None]) ** 2).sum(axis=2)
    found = fill(vectors.astype("float32"), centroids.astype("float32"), np.full(4, 50))
    np.testing.assert_array_equal(found, distances.argmin(axis=1))


def test_full_partitions_keep_the_nearest_vectors():
    vectors = np.float32([[0.1], [0.3], [0.2], [5]])
    assert fill(vectors, np.float32([[0], [10]]), np.array([2, 2])).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("num", [1, 500])
def test_many_duplicates_are_spread(num):
    found = fill(np.ones((num, 2), "float32"), np.eye(2, dtype="float32").repeat(50, 0), np.full(100, 5))
    assert np.bincount(found, minlength=100).max() <= 5
