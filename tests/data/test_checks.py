import datetime

import numpy as np
import pyarrow as pa
import pytest

from shortlist.data._checks import check_column_exists, check_ids, check_interactions, check_names, row_name
from shortlist.errors import DataError

GOOD = {"u": ["a", "b", "c"], "i": [1, 2, 3], "r": [1.0, 2.0, 3.0], "t": [10, 20, 30]}


def check(**changes):
    check_interactions(pa.table(GOOD | changes), "u", "i", "r", "t")


def test_good_tables_pass():
    check()
    check(r=[1, 2, 3], t=[0.5, 1.5, -3.0])
    check(t=[datetime.datetime(2020, 1, day) for day in (1, 2, 3)])


def test_the_row_after_the_header_is_the_first():
    lines = ["user,film", "ann,Up", "bob,Heat"]
    assert row_name(lines[1:].index("bob,Heat")).startswith("row 2 ")


@pytest.mark.parametrize(
    ("values", "got", "fix"),
    [
        ([1.0, 2.0], "floating point numbers", r"Cast them, as in df\['user'\].astype\('int64'\)"),
        ([True], "booleans", "Cast them to text or to int64"),
        ([[1]], "lists", r"Give each id a row of its own, as in df.explode\('user'\)"),
        (pa.array([[1]], pa.list_(pa.int64(), 1)), "vectors", "Give an array of rank 1"),
    ],
)
def test_values_that_are_not_ids_are_refused(values, got, fix):
    with pytest.raises(DataError, match=f"column 'user' must hold one id per row.* got {got}.* {fix}"):
        check_ids(pa.chunked_array([pa.array(values)]), "user")


def test_a_missing_id_is_named_by_its_row():
    with pytest.raises(DataError, match="column 'item' must .* got 2 missing ids, the first in row 2 "):
        check_ids(pa.chunked_array([["a", None], [None, "b"]]), "item")


def test_an_unknown_column_lists_those_there_are():
    with pytest.raises(DataError, match=r"must have the column 'x', got columns \['u', 'i', 'r', 't'\]"):
        check_column_exists(pa.table(GOOD), "x")


def test_a_repeated_name_is_refused():
    table = pa.table([pa.array([1]), pa.array([2])], names=["u", "u"])
    with pytest.raises(DataError, match=r"column names must be distinct, got \['u'\] more than once"):
        check_names(table, ["u"])


def test_a_column_with_two_roles_is_refused():
    with pytest.raises(DataError, match="each role must have a column of its own"):
        check_interactions(pa.table(GOOD), "u", "u", None, None)


def test_no_rows_are_refused():
    with pytest.raises(DataError, match="empty"):
        check_interactions(pa.table(GOOD).slice(0, 0), "u", "i", "r", "t")


@pytest.mark.parametrize("role", ["r", "t"])
@pytest.mark.parametrize(
    ("bad", "got"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (None, "none")]
)
def test_the_first_row_that_is_not_finite_is_named(role, bad, got):
    with pytest.raises(DataError, match=f"'{role}' must hold finite values, got {got} in row 2 "):
        check(**{role: [1.0, bad, bad]})


@pytest.mark.parametrize("role", ["r", "t"])
@pytest.mark.parametrize("values", [["1", "2", "3"], [True, False, True], [[1], [2], [3]]])
def test_ratings_and_times_of_other_types_are_refused(role, values):
    with pytest.raises(DataError, match=f"'{role}' must hold .*numbers"):
        check(**{role: values})
