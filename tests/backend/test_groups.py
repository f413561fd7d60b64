"""Products with rows of a table, next to a loop."""

import keras
import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract
GENERATOR = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("heads", [1, 2])
@pytest.mark.parametrize("num_groups", [2, 37])  # many vectors a group, and few
def test_each_vector_meets_the_rows_of_its_group(dtype: str, heads: int, num_groups: int) -> None:
    table = GENERATOR.integers(-9, 9, (num_groups, 5, 3)).astype(dtype)
    groups = np.sort(GENERATOR.integers(0, num_groups, 40)).astype("int32")
    vectors = GENERATOR.integers(-3, 4, (40, heads, 3)).astype("float32")
    found = backend.grouped_products(*map(keras.ops.convert_to_tensor, (table, groups, vectors)))
    wanted = [
        [max(float(head @ row) for head in vector) for row in table[group].astype("float32")]
        for group, vector in zip(groups, vectors, strict=True)
    ]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), wanted)


def test_rows_of_a_table() -> None:
    table = GENERATOR.normal(size=(6, 2, 3)).astype("float32")
    rows = np.int32([4, 0, 4])
    found = backend.gather_rows(*map(keras.ops.convert_to_tensor, (table, rows)))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), table[rows])
