"""Engines of equal sizes share one compiled graph."""

import keras
import numpy as np
import pytest

from shortlist.search._row_filter import RowFilter
from shortlist.search._tensors import FilterCache, compiled_for, found_rows
from shortlist.search.partitions import PartitionedSpec


def _scaled(values, sizes):
    return values * sizes[0]


@pytest.mark.contract
def test_the_same_sizes_share_a_function_and_others_do_not():
    assert compiled_for(_scaled, (2,)) is compiled_for(_scaled, (2,))
    ones = keras.ops.ones((3,))
    assert [keras.ops.convert_to_numpy(compiled_for(_scaled, (n,))(ones)).tolist() for n in (2, 5)] == [
        [2] * 3,
        [5] * 3,
    ]


@pytest.mark.contract
def test_rows_found_outside_of_a_graph_are_those_of_a_search():
    vectors = np.random.default_rng(0).normal(size=(60, 3)).astype("float32")
    engine = PartitionedSpec(probes=1, num_partitions=12).build(vectors)
    queries, excluded = vectors[:2, None], np.int32([[3, 4], [5, -1]])
    tensors = [keras.ops.convert_to_tensor(part) for part in (queries, excluded)]
    found = keras.ops.convert_to_numpy(found_rows(engine, tensors[0], 60, RowFilter(tensors[1])))
    assert sorted(found[0].tolist()) == sorted([-1, -1, *(set(range(60)) - {3, 4})])
    assert sorted(found[1].tolist()) == sorted([-1, *(set(range(60)) - {5})])


@pytest.mark.contract
def test_a_table_is_converted_once():
    cache, excluded, required = FilterCache(), np.zeros((1, 0), "int32"), np.ones((1, 1, 1), "int32")
    first, second = np.int32([[1], [2]]), np.int32([[3], [4]])
    converted = [cache.tensors(RowFilter(excluded, table, required)).attributes for table in (first, first)]
    assert converted[0] is converted[1]
    other = cache.tensors(RowFilter(excluded, second, required)).attributes
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(other), second)


@pytest.mark.contract
def test_a_table_is_not_mixed_up_with_that_of_a_query_at_the_same_time():
    def rows_of(value):
        return RowFilter(np.zeros((1, 0), "int32"), np.full((3, 1), value, "int32"), np.int32([[[1]]]))

    class Interrupted(FilterCache):
        """Convert the table of another query right after one was stored, as another thread may."""

        other = rows_of(2)

        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            if value is not None and value[0] is not self.other.attributes:
                self.tensors(self.other)

    found = Interrupted().tensors(rows_of(1)).attributes
    assert keras.ops.convert_to_numpy(found).tolist() == [[1]] * 3
