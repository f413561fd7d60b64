"""`Number`: standardized."""

import math
import statistics

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import FeatureError
from shortlist.features import Number

NUMBERS = st.lists(st.integers(-1000, 1000), min_size=2, max_size=20)


@given(learned=NUMBERS, asked=NUMBERS)
def test_equals_pythons_statistics(learned, asked):
    mean, std = statistics.fmean(learned), statistics.pstdev(learned) or 1.0
    encoded = Number("age").fit(learned).encode(asked)
    assert encoded.dtype == np.float32
    np.testing.assert_allclose(encoded, [(value - mean) / std for value in asked], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("values", [[0.1] * 10, [7, 7], [3]])
def test_equal_numbers_become_zero(values):
    np.testing.assert_allclose(Number("age").fit(values).encode(values), 0, atol=1e-7)


@pytest.mark.parametrize(
    ("values", "is_integer"),
    [
        ([1, 2], True),
        ([1, 2.0], False),
        (np.array([1, 2], np.int8), True),
        (np.array([[1], [2]], np.float32), False),
        (pa.array([1, 2]), True),
        (pa.chunked_array([[1.0], [2.0]]), False),
        ([np.float32(1), np.int64(2)], False),
    ],
)
def test_every_container(values, is_integer):
    column = Number("age").fit(values)
    assert column.is_integer == is_integer
    assert column.encode(values).tolist() == [-1, 1]
    assert column.num_rows is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, math.nan, math.nan], r"got nan in row 1 \(and 1 more\)"),
        ([1.0, 2.0, -math.inf], "got -inf in row 2"),
        ([1, None], "got none in row 1"),
        (pa.array([1, None]), "got none in row 1"),
        (["1"], "str"),
        ([True], "got bool. Declare booleans as a Category"),
        (np.array([True]), "got bool. Declare booleans as a Category"),
        ([[1, 2]], r"got \(1, 2\)"),
        (np.zeros((2, 1, 1)), r"got \(2, 1, 1\)"),
        (np.array([5], dtype="timedelta64[s]"), "timedelta64"),
    ],
)
def test_refuses(values, message):
    with pytest.raises(FeatureError, match=f"column 'age': .*{message}"):
        Number("age").fit(values)
    with pytest.raises(FeatureError, match=f"column 'age': .*{message}"):
        Number("age", mean=0.0, std=1.0).encode(values)


def test_nothing_to_learn_from():
    with pytest.raises(FeatureError, match="column 'age': values must hold at least one row"):
        Number("age").fit([])


def test_a_number_that_float32_does_not_hold_is_refused():
    with pytest.raises(FeatureError, match="column 'age': values must be finite, got inf in row 1"):
        Number("age", mean=0.0, std=1.0).encode([1.0, 1e300])


def test_an_unfitted_column_refuses_to_encode():
    with pytest.raises(FeatureError, match="column 'age' must be fitted before it is used"):
        Number("age").encode([1])


@pytest.mark.parametrize("learned", [{"mean": 1.0}, {"std": 1.0}, {"mean": 0.0, "std": 0.0}])
def test_half_of_what_is_needed_is_refused(learned):
    with pytest.raises(FeatureError, match="mean and std of column 'age' must be"):
        Number("age", **learned)


def test_config_round_trip():
    fitted = Number("age").fit([1, 2, 4])
    assert Number.from_config(fitted.get_config()) == fitted
    assert fitted.fit([5]) is fitted
