"""Engines of equal sizes share one compiled graph."""

import keras
import pytest

from shortlist.search._tensors import compiled_for


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
