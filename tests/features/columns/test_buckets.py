"""`Buckets`: the range a number falls into."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import Buckets

NUMBERS = st.lists(st.integers(-50, 50), min_size=1, max_size=40)


@given(learned=NUMBERS, asked=NUMBERS, num_buckets=st.integers(1, 8))
def test_an_encoded_number_counts_the_edges_below_it(learned, asked, num_buckets):
    column = Buckets("age", num_buckets).fit(learned)
    assert column.num_rows == len(column.edges) + 1 <= num_buckets
    assert list(column.edges) == sorted(set(column.edges))
    encoded = column.encode(asked)
    assert encoded.dtype == np.int32
    assert encoded.tolist() == [sum(edge <= value for edge in column.edges) for value in asked]


@pytest.mark.parametrize("num_buckets", [2, 5, 10])
def test_distinct_numbers_fill_all_ranges_alike(num_buckets):
    values = np.random.default_rng(0).permutation(1000) + 1_700_000_000
    encoded = Buckets("timestamp", num_buckets).fit(values).encode(values)
    assert np.bincount(encoded).tolist() == [1000 // num_buckets] * num_buckets
    assert all(values[encoded == i].max() < values[encoded == i + 1].min() for i in range(num_buckets - 1))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, math.nan], "got nan in row 1"),
        ([1, None], "got none in row 1"),
        (["1"], "str"),
        ([[1, 2]], r"got \(1, 2\)"),
    ],
)
def test_refuses(values, message):
    with pytest.raises(FeatureError, match=f"column 'age': .*{message}"):
        Buckets("age").fit(values)
    with pytest.raises(FeatureError, match=f"column 'age': .*{message}"):
        Buckets("age", edges=(1.0,)).encode(values)


def test_nothing_to_learn_from_and_unfitted():
    with pytest.raises(FeatureError, match="column 'age': values must hold at least one row"):
        Buckets("age").fit([])
    with pytest.raises(FeatureError, match="column 'age' must be fitted before it is used"):
        Buckets("age").encode([1])
    with pytest.raises(FeatureError, match="column 'age' must be fitted before it is used"):
        _ = Buckets("age").num_rows


@pytest.mark.parametrize("declared", [{"num_buckets": 0}, {"edges": (2.0, 1.0)}, {"edges": (1.0, math.nan)}])
def test_what_makes_no_ranges_is_refused(declared):
    with pytest.raises(ArgumentError, match="of column 'age' must be"):
        Buckets("age", **declared)


def test_config_round_trip():
    fitted = Buckets("age", num_buckets=3).fit([1, 2, 3, 4])
    assert Buckets.from_config(fitted.get_config()) == fitted
    assert fitted.fit([5]) is fitted
    assert Buckets.from_config(Buckets("age").get_config()) == Buckets("age")
