"""One value a row, of any container."""

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import FeatureError
from shortlist.features._values import check_any, check_finite, integers_of_bools, is_whole, numbers, scalars


@given(values=st.lists(st.text() | st.integers()))
def test_a_last_axis_of_one_goes(values):
    assert scalars(values).tolist() == values
    if values:
        assert scalars([[value] for value in values]).tolist() == values


@pytest.mark.parametrize(
    ("shape", "advice"), [((), "into a list"), ((2, 2), "Categories"), ((2, 1, 1), "remove one batch")]
)
def test_another_shape_is_refused_with_advice(shape, advice):
    with pytest.raises(FeatureError, match=advice) as caught:
        scalars(np.zeros(shape))
    assert str(shape) in str(caught.value)


def test_the_first_row_without_a_value_is_named():
    with pytest.raises(FeatureError, match=r"rows must have a value, got none in row 1 \(and 1 more\)"):
        scalars(pa.array(["a", None, None]))


@given(values=st.lists(st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)))
def test_numbers_are_float64_and_exact(values):
    array = numbers(values)
    assert array.dtype == np.float64
    assert array.tolist() == values


@pytest.mark.parametrize("values", [["1"], [True], [1, "2"], np.array([1j]), np.array([True])])
def test_what_is_no_number_is_refused(values):
    with pytest.raises(FeatureError, match="values must be integers, floats or times, got"):
        numbers(values)


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(FeatureError, match=r"values must be finite, got nan in row 2 \(and 1 more\)"):
        check_finite(np.array([1.0, 2.0, math.nan, math.inf]))
    check_finite(np.array([]))


def test_nothing_is_refused():
    with pytest.raises(FeatureError, match="at least one row"):
        check_any(0)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([True, False]), [1, 0]),
        (np.array([np.True_, None, False], dtype=object), [1, None, 0]),
        (np.array([True, 2], dtype=object), [True, 2]),
        (np.array(["a"], dtype=object), ["a"]),
        (np.array([]), []),
    ],
)
def test_booleans_become_integers_where_all_are(values, expected):
    result = integers_of_bools(values).tolist()
    assert result == expected
    assert [type(value) for value in result] == [type(value) for value in expected]


def test_whole_numbers():
    assert is_whole(np.array([1], np.uint8))
    assert is_whole([1, np.int64(2)])
    assert not is_whole([1, 2.0])
    assert not is_whole(np.array([1.0]))
