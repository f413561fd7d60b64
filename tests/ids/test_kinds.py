"""Containers of ids become arrays that hold each id exactly."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import FeatureError
from shortlist.ids import as_array, exact_ids, id_kind

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(values=st.one_of(st.lists(st.text()), st.lists(st.binary()), st.lists(INT64)))
def test_no_container_changes_a_value(values):
    for container in (values, tuple(values), iter(values), pa.array(values), np.array(values, dtype=object)):
        array = as_array(container)
        assert array.shape == (len(values),)
        assert array.tolist() == values


def test_nested_lists_keep_their_shape():
    assert as_array([["a\0"], ["b"]]).tolist() == [["a\0"], ["b"]]
    assert as_array("a\0").shape == ()
    assert as_array(5).tolist() == 5


def test_arrow_integers_with_nulls_stay_integers():
    assert as_array(pa.array([2**53 + 1, None])).tolist() == [2**53 + 1, None]
    assert as_array(pa.chunked_array([[2**53 + 1], [3]])).tolist() == [2**53 + 1, 3]


def test_an_array_is_not_copied():
    array = np.array([1, 2])
    assert as_array(array) is array
    assert as_array(pd.Series(["a\0", "b"])).tolist() == ["a\0", "b"]


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (np.array(["a"]), "str"),
        (np.array([b"a"]), "bytes"),
        (np.array([1], np.uint8), "int64"),
        (np.array([np.str_("a"), "b"], dtype=object), "str"),
        (np.array([[np.int8(1)], [2]], dtype=object), "int64"),
        (np.array([]), None),
        (np.array([], dtype=object), None),
    ],
)
def test_kinds(array, kind):
    assert id_kind(array) == kind


@pytest.mark.parametrize(
    "values", [[1.5], [None], [True], [1, "a"], ["a", b"a"], [np.datetime64("2020")], [[]]]
)
def test_what_is_no_id_is_refused(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    with pytest.raises(FeatureError, match="ids must be all str, all bytes or all integers, got"):
        id_kind(array)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", "b", 1], r"got str such as 'a' and int such as 1. Convert all of them to one kind"),
        ([7, b"a"], "got int such as 7 and bytes such as b'a'"),
        ([1.5, 2.5], r"got float values such as 1.5. Convert them"),
        (
            ["a", ["b", "c"]],
            r"got a list in row 1, \['b', 'c'\]. Declare a feature of lists",
        ),
    ],
)
def test_a_refusal_names_the_kinds_and_the_way_out(values, message):
    with pytest.raises(FeatureError, match=message):
        id_kind(as_array(values))


def test_exact_ids_are_plain_python():
    ids = exact_ids(np.array([[np.int32(3)], [4]], dtype=object))
    assert ids == [3, 4]
    assert {type(id_) for id_ in ids} == {int}
    assert type(exact_ids(np.array([np.str_("a")], dtype=object))[0]) is str
    assert exact_ids(np.array([])) == []


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([2**63, 1], str(2**63)),
        ([1, -(2**63) - 1], "int64"),
        (["ok", "\ud83c", "\udfac"], "Unicode, got .*ud83c"),
    ],
)
def test_ids_that_cannot_be_stored_are_refused(ids, message):
    with pytest.raises(FeatureError, match=message):
        exact_ids(np.array(ids, dtype=object))
