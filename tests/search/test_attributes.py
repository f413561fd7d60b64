"""Attribute masks agree with sets of values."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import ArgumentError
from shortlist.indexes import BruteForce
from shortlist.search import Attributes, meets


def encoded(columns, attributes=None):
    num_candidates = len(next(iter(columns.values())))
    return (Attributes() if attributes is None else attributes).encode(columns, num_candidates)


VALUES = st.lists(st.sampled_from([0, 1, 2, 31, 32, 40]), max_size=4, unique=True)  # few, so that many match


@given(columns=st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8), asked=st.tuples(VALUES, VALUES))
def test_a_candidate_has_one_value_of_each_attribute_asked(columns, asked):
    named = {"a": [one for one, _ in columns], "b": [one for _, one in columns]}
    known = encoded({"a": [list(range(41))], "b": [list(range(41))]})[0]
    attributes, bits = encoded(named, known)
    groups = attributes.require({"a": asked[0], "b": asked[1]})[0]
    found = [all((row & group).any() for group in groups) for row in bits]
    assert found == [bool(set(a) & set(asked[0])) and bool(set(b) & set(asked[1])) for a, b in columns]


def test_old_bits_keep_their_meaning_when_values_join():
    old, bits = encoded({"a": ["x", None, "y"]})
    new = encoded({"a": [f"v{number}" for number in range(64)], "b": [True] * 64}, old)[0]
    widened = new.widen(bits, old)
    assert widened.shape[1] > bits.shape[1]
    assert [all((row & group).any() for group in new.require({"a": "y"})[0]) for row in widened] == [
        False,
        False,
        True,
    ]


def test_empty_where_requires_only_that_a_candidate_is_live():
    attributes, bits = Attributes().encode({}, 2)
    assert bits.tolist() == attributes.require({})[0].tolist() * 2 == [[1], [1]]


def test_one_request_for_all_or_one_each():
    attributes = encoded({"a": ["x", "y"]})[0]
    assert attributes.require_of_each({"a": "x"}, 3)[0].shape == (1, 2, 1)
    each = attributes.require_of_each([{}, {"a": "y"}], 2)[0]
    assert each[:, :, 0].tolist() == [[1, 1], [1, 4]]
    assert attributes.require_of_each([], 0)[0].shape == (0, 1, 1)
    with pytest.raises(ArgumentError, match="each of the 2 queries.* got 1 entries"):
        attributes.require_of_each([{}], 2)


def test_an_attribute_that_nobody_has_is_named():
    with pytest.raises(
        ArgumentError, match=r"where must name attributes of the candidates, \['a'\], got 'price'"
    ):
        encoded({"a": [1]})[0].require({"price": 1})
    with pytest.raises(
        ArgumentError, match="which have none, got 'price'. Pass attributes together with the candidates"
    ):
        Attributes().require({"price": 1})


def test_kept_in_a_configuration():
    attributes = encoded({"a": ["x", "y"], "b": [np.True_, False], "c": [3, None]})[0]
    assert Attributes.from_config(attributes.get_config()).bit_of == attributes.bit_of


@pytest.mark.parametrize("value", [b"x", {"a": 1}, (1, [2])])
def test_values_that_a_file_would_not_keep_are_refused(value):
    with pytest.raises(ArgumentError, match="attribute 'price' must hold strings, integers or bools, got"):
        encoded({"price": [1, value]})[0]


@pytest.mark.parametrize("where", ["genre", ["genre", {}]])
def test_what_asks_for_no_attributes_is_refused(where):
    with pytest.raises(ArgumentError, match="where must be a dict such as .*, got .*genre"):
        encoded({"genre": ["x"]})[0].require_of_each(where, 2)


def test_a_range_is_values_one_of_which_will_do():
    attributes = encoded({"year": [1990, 1991, 1995]})[0]
    found, expected = (attributes.require({"year": years})[0] for years in (range(1990, 1993), [1990, 1991]))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("value", [{"x": 1}, 1.5, b"x", [["x"]], None, [None]])
def test_a_value_that_no_candidate_can_have_is_refused_when_asked_for(value):
    with pytest.raises(ArgumentError, match="where: attribute 'a' must hold strings.*, got"):
        encoded({"a": ["x"]})[0].require({"a": value})


OF_SEVERAL_KINDS = [
    ([1990, 1991], "1990", "integers"),
    ([True, False], "true", "bools"),
    (["x"], 1, "strings"),
    ([0, 1], True, "integers"),
    ([True], 1, "bools"),
]


@pytest.mark.parametrize(("column", "value", "kind"), OF_SEVERAL_KINDS)
def test_a_value_of_another_kind_than_those_of_the_attribute_is_refused_when_asked_for(column, value, kind):
    attributes = encoded({"a": column, "empty": [None] * len(column)})[0]
    expected = f"where: attribute 'a' must hold {kind} such as {column[0]!r}, got {value!r}"
    with pytest.raises(ArgumentError, match=expected):
        attributes.require({"a": [column[0], value]})
    assert not attributes.require({"empty": value})[0][1].any()


@pytest.mark.parametrize(("column", "value", "kind"), OF_SEVERAL_KINDS)
def test_an_attribute_has_values_of_one_kind(column, value, kind):
    expected = f"^attribute 'a' must hold {kind} such as {column[0]!r}, got {value!r}"
    with pytest.raises(ArgumentError, match=expected):
        encoded({"a": [*column, value]})
    with pytest.raises(ArgumentError, match=expected):
        encoded({"a": [value]}, encoded({"a": column})[0])


def test_columns_are_turned_into_plain_values_once():
    class Counted(list):
        num_readings = 0

        def __iter__(self):
            self.num_readings += 1
            return super().__iter__()

    column = Counted(["x", "y"])
    BruteForce().index(np.eye(2), attributes={"a": column})
    assert column.num_readings == 1


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1990, None, 2**53 + 1], dtype="Int64"),
        pl.Series([1990, None, 2**53 + 1]),
        pd.Series([1990, float("nan"), 2**53 + 1], dtype=object),
    ],
    ids=lambda column: f"{type(column).__module__}-{column.dtype}",
)
def test_what_a_frame_lacks_is_no_value(column):
    attributes, bits = encoded({"year": column})
    assert attributes.bit_of == {"year": {1990: 1, 2**53 + 1: 2}}
    assert bits.tolist() == [[3], [1], [5]]
    assert encoded({"a": pd.Series(["x", None])})[0].bit_of == {"a": {"x": 1}}
    assert encoded({"a": pd.Series([["x", "y"], None])})[0].bit_of == {"a": {"x": 1, "y": 2}}


@pytest.mark.parametrize("num_candidates", [1, 3])
def test_a_column_has_an_entry_for_each_candidate(num_candidates):
    with pytest.raises(
        ArgumentError, match=f"'genre' must have one entry for each of the {num_candidates} .*, got 2"
    ):
        Attributes().encode({"genre": ["x", "y"]}, num_candidates)


def test_numbers_of_numpy_are_plain_numbers_wherever_they_stand():
    column = [np.array([3, 4]), np.array(5), [np.int64(6)], (np.int64(7),), np.int64(8), {np.int64(9)}]
    bit_of = encoded({"a": column})[0].bit_of["a"]
    assert bit_of == {3: 1, 4: 2, 5: 3, 6: 4, 7: 5, 8: 6, 9: 7}
    assert {type(value) for value in bit_of} == {int}


@pytest.mark.parametrize("column", ["abc", b"abc", 2024, None, np.array("abc"), 1.5])
def test_one_value_in_the_place_of_a_column_is_refused(column):
    with pytest.raises(
        ArgumentError, match="attribute 'genre' must be a list with one entry per candidate, got"
    ):
        Attributes().encode({"genre": column}, 1)


@pytest.mark.parametrize("num_values", [1, 30, 31, 32, 33, 63, 64])
def test_any_number_of_values(num_values):
    columns = {"a": list(range(num_values))}
    attributes, bits = encoded(columns)
    for value in range(num_values):
        groups = attributes.require({"a": value})[0]
        assert [all((row & group).any() for group in groups) for row in bits] == [
            row == value for row in range(num_values)
        ]


def test_attributes_stay_as_they_were_when_others_are_made_of_them():
    old = encoded({"a": ["x"]})[0]
    assert encoded({"a": ["y"], "b": [1]}, old)[0].bit_of == {"a": {"x": 1, "y": 2}, "b": {1: 3}}
    assert old.bit_of == {"a": {"x": 1}}


NUMBERS = st.floats(width=32, allow_nan=True, allow_infinity=True)
ENDS = st.one_of(st.none(), st.floats(width=32, allow_nan=False))


@given(prices=st.lists(st.one_of(st.none(), NUMBERS), min_size=1, max_size=8), low=ENDS, high=ENDS)
def test_numbers_in_a_range_with_both_ends(prices, low, high):
    attributes, table = Attributes().encode({"price": [*prices, 0.0, -0.0]}, len(prices) + 2)
    required, limits = attributes.require({"price": (low, high)})
    expected = [
        not (price is None or np.isnan(price))
        and (low is None or price >= low)
        and (high is None or price <= high)
        for price in [*prices, 0.0, -0.0]
    ]
    assert meets(table, required[None], limits[None]).tolist() == expected
    for price in prices:
        if price is not None and not np.isnan(price):
            equal = meets(table, *(part[None] for part in attributes.require({"price": price})))
            assert equal.tolist() == [other == price for other in [*prices, 0.0, -0.0]]


def test_columns_of_bits_and_of_numbers_keep_their_meaning_when_others_join():
    old, table = encoded({"price": [1.5, None, -2.0], "a": ["x", "y", "x"]})
    values = [f"v{number}" for number in range(64)]
    new = encoded({"size": [3.5] * 64, "a": values, "price": [7] * 64}, old)[0]
    widened = new.widen(table, old)
    assert (new.names, new.num_columns) == (["a", "price", "size"], 5)
    for where, expected in (
        ({"price": (None, 2)}, [True, False, True]),
        ({"price": (-2, -2), "a": "x"}, [False, False, True]),
        ({"size": (None, None)}, [False, False, False]),
        ({"a": ["x"]}, [True, False, True]),
    ):
        required, limits = new.require(where)
        found = meets(widened, required[None], None if limits is None else limits[None])
        assert found.tolist() == expected
    again = Attributes.from_config(new.get_config())
    assert (again.bit_of, again.numbers) == (new.bit_of, new.numbers)


def test_candidates_without_an_attribute_that_is_a_number_match_no_range_of_it():
    old = encoded({"size": [2.5], "price": [1.5]})[0]
    attributes, table = encoded({"genre": ["drama", "war"], "price": [0.5, None]}, old)
    for where, expected in (
        ({"size": (None, None)}, [False, False]),
        ({"size": 0}, [False, False]),
        ({"price": (None, None)}, [True, False]),
    ):
        assert meets(table, *(part[None] for part in attributes.require(where))).tolist() == expected


def test_only_some_of_several_queries_require_a_number():
    attributes, table = encoded({"price": [1.5, 3.5, None], "genre": ["drama", "war", "war"]})
    wheres = [{}, {"price": (3, None)}, {"genre": "war"}]
    required, limits = attributes.require_of_each(wheres, 3)
    found = meets(table[None], required[:, None], limits[:, None])
    assert found.tolist() == [[True] * 3, [False, True, False], [False, True, True]]


def test_columns_of_numbers_keep_their_order_in_a_configuration():
    attributes, table = encoded({"size": [1.5, 3.5], "price": [9.5, 2.5], "age": [0.5, 0.25]})
    again = Attributes.from_config(attributes.get_config())
    for name, value in (("size", 1.5), ("price", 9.5), ("age", 0.5)):
        assert meets(table, *(part[None] for part in again.require({name: value}))).tolist() == [True, False]


def test_both_ends_of_a_range_of_integers_match():
    years = [1990, 1991, 1993, -4]
    attributes, table = encoded({"year": years})
    for low in (*years, 1992):
        for high in (*years, 1992):
            required, _ = attributes.require({"year": (low, high)})
            assert meets(table, required[None]).tolist() == [low <= year <= high for year in years]


def test_a_range_of_integers_and_of_nothing():
    attributes, table = encoded({"year": [1990, None, 1995], "empty": [None] * 3})
    for years, expected in (
        ((1991, None), [0, 0, 1]),
        ((None, 1990.5), [1, 0, 0]),
        ((2000, None), [0, 0, 0]),
    ):
        required, limits = attributes.require({"year": years})
        assert limits is None
        assert meets(table, required[None]).tolist() == [bool(one) for one in expected]
    assert not meets(table, attributes.require({"empty": (1, 2)})[0][None]).any()


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"price": [1, 2]}, r"'price' must be a number or a range .*got \[1, 2\]. Pass a list to match"),
        ({"price": "cheap"}, "'price' must be a number or a range .*got 'cheap'"),
        ({"price": (1, 2, 3)}, r"'price' must be a number or a range .*got \(1, 2, 3\)"),
        ({"price": (float("nan"), 2)}, "'price' must be a number or a range .*got .nan, 2"),
        ({"price": (True, 2)}, "'price' must be a number or a range"),
        ({"price": None}, "'price' must be a number or a range .*got None"),
        ({"price": np.array([1.0, 2.0])}, "'price' must be a number or a range .*got array"),
        ({"genre": ("a", "b")}, "'genre' must be a number or a range .*Pass a list to match any"),
        ({"genre": (1, 2)}, r"'genre' must hold strings such as 'drama', got the range \(1, 2\)"),
        ({"is_new": (0, 1)}, "'is_new' must hold bools such as True, got the range"),
    ],
)
def test_what_is_no_range_is_refused(where, told):
    columns = {"price": [1.5], "genre": ["drama"], "is_new": [True]}
    with pytest.raises(ArgumentError, match=f"where: attribute {told}"):
        encoded(columns)[0].require(where)


@pytest.mark.parametrize("value", ["1", True, [1.5], b"x"])
def test_a_number_is_one_number(value):
    with pytest.raises(ArgumentError, match="attribute 'price' must hold one number per candidate"):
        encoded({"price": [1.5, value]})
    with pytest.raises(ArgumentError, match="attribute 'price' must hold one number per candidate"):
        encoded({"price": [value]}, encoded({"price": [1.5]})[0])


def test_a_category_does_not_become_a_number():
    with pytest.raises(ArgumentError, match="attribute 'year' must hold strings, integers or bools, got 1.5"):
        encoded({"year": [1.5]}, encoded({"year": [1990]})[0])
