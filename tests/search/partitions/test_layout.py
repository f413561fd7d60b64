"""Assignment of vectors to slots of partitions."""

import numpy as np
import pytest

from shortlist.backend import host_array
from shortlist.search.partitions._layout import Partitions, default_num_partitions

VECTORS = np.random.default_rng(0).normal(size=(500, 5)).astype("float32")


@pytest.mark.parametrize("num_partitions", [1, 7, 500])
def test_every_vector_has_one_slot(num_partitions):
    found = Partitions.of(VECTORS, num_partitions, seed=0)
    flat = found.rows.ravel()
    assert sorted(flat[flat >= 0].tolist()) == list(range(500))
    np.testing.assert_array_equal(flat[found.slots], np.arange(500))
    laid = host_array(found.tables(VECTORS)["vectors"]).reshape(-1, 5)
    np.testing.assert_array_equal(laid[found.slots], VECTORS)
    assert (laid[flat < 0] == 0).all()
    for rows, centroid in zip(found.rows, found.centroids, strict=True):
        held = rows[rows >= 0]
        assert held.tolist() == sorted(held.tolist())
        assert (rows[len(held) :] == -1).all()
        if len(held):
            np.testing.assert_allclose(centroid, VECTORS[held].mean(axis=0), atol=1e-5)


def test_less_than_three_tenths_of_the_slots_are_padding():
    found = Partitions.of(VECTORS, 20, seed=0)
    assert found.rows.size / 500 < 1.3


def test_codes_are_int8_and_close_to_the_vectors():
    found = Partitions.of(VECTORS, 20, seed=0, as_codes=True)
    tables = {name: host_array(table) for name, table in found.tables(VECTORS).items()}
    assert tables["vectors"].dtype == np.int8
    near = tables["vectors"].astype("float32") * tables["scales"][:, :, None]
    assert (near[found.rows < 0] == 0).all()
    largest = np.abs(VECTORS).max(axis=1, keepdims=True)
    assert (np.abs(near.reshape(-1, 5)[found.slots] - VECTORS) <= largest / 127 / 2 + 1e-6).all()
    np.testing.assert_array_equal(tables["exact"], VECTORS)
    np.testing.assert_array_equal(found.rows, Partitions.of(VECTORS, 20, seed=0).rows)


def test_default_num_partitions():
    assert [default_num_partitions(num) for num in (1, 9, 10_000, 1_000_000)] == [1, 9, 400, 4000]
