import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.data._ids import as_id_list, check_ids, encode_ids, id_kind, to_id_column
from shortlist.errors import ArgumentError, DataError

INT64 = st.integers(-(2**63), 2**63 - 1)
ANY_IDS = st.one_of(
    st.lists(INT64, min_size=1, max_size=30),
    st.lists(st.text(max_size=3), min_size=1, max_size=30),
    st.lists(st.binary(max_size=3), min_size=1, max_size=30),
)


@given(ANY_IDS, st.integers(0, 30))
def test_encoding_and_decoding_gives_the_same_ids(ids, cut):
    column = pa.chunked_array([ids[:cut], ids[cut:]], type=pa.array(ids).type)
    codes, distinct = encode_ids(column)
    assert [distinct[code] for code in codes] == ids
    assert distinct.tolist() == list(dict.fromkeys(ids))


@pytest.mark.parametrize("ids", [["a", "b", "a"], [b"a\x00", b"", b"a"], [2**63 - 1, -(2**63), 0]])
@pytest.mark.parametrize("wrap", [lambda a: a, lambda a: a.dictionary_encode()])
def test_ids_stay_exact(ids, wrap):
    column = to_id_column(pa.chunked_array([wrap(pa.array(ids))]), "user")
    check_ids(column, "user")
    assert column.to_pylist() == ids


@pytest.mark.parametrize("narrow", [pa.int8(), pa.uint16(), pa.int32(), pa.uint64()])
def test_narrow_integers_are_widened(narrow):
    column = to_id_column(pa.chunked_array([pa.array([1, 100], narrow)]), "user")
    assert id_kind(column.type) == "int64"
    assert column.to_pylist() == [1, 100]


@pytest.mark.parametrize("odd", [pa.string_view(), pa.large_string(), pa.binary_view(), pa.binary(2)])
def test_views_and_fixed_sizes_are_unpacked(odd):
    values = ["ab", "cd"] if "string" in str(odd) else [b"ab", b"cd"]
    column = to_id_column(pa.chunked_array([pa.array(values, odd)]), "user")
    check_ids(column, "user")
    assert column.to_pylist() == values


def test_an_unsigned_id_beyond_int64_is_refused():
    with pytest.raises(DataError, match=r"'user'.*int64"):
        to_id_column(pa.chunked_array([pa.array([2**63], pa.uint64())]), "user")


@pytest.mark.parametrize(
    ("values", "came", "hint"),
    [
        ([1.0, 2.0], "floating point numbers", "cannot hold every integer"),
        ([True], "true or false", "text or to int64"),
        ([[1]], "list", "Cast"),
    ],
)
def test_other_types_are_refused(values, came, hint):
    with pytest.raises(DataError, match=f"'user': ids are {came}.*{hint}"):
        check_ids(pa.chunked_array([pa.array(values)]), "user")


def test_a_missing_id_is_named_by_its_row():
    with pytest.raises(DataError, match="'item': 2 ids are missing, the first in row 2 "):
        check_ids(pa.chunked_array([["a", None], [None, "b"]]), "item")


@pytest.mark.parametrize(
    ("ids", "kind"),
    [(np.array(["a"]), "str"), (["a"], "str"), ([b"a"], "bytes"), (np.array([3], np.int32), "int64")],
)
def test_ids_asked_for_are_taken_from_lists_and_arrays(ids, kind):
    assert as_id_list(ids, kind, "user_ids") == list(ids)


@pytest.mark.parametrize(
    ("ids", "kind", "message"),
    [
        ([1], "str", "user_ids: ids are int, expected str"),
        (np.array(["1"], object), "int64", "user_ids: ids are str, expected int64"),
        (np.array([["a"]]), "str", r"user_ids: shape \(1, 1\)"),
        ("a", "str", r"user_ids: shape \(\)"),
    ],
)
def test_ids_of_another_kind_or_rank_are_refused(ids, kind, message):
    with pytest.raises(ArgumentError, match=message):
        as_id_list(ids, kind, "user_ids")
