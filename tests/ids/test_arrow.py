"""Arrow columns of ids keep every id."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import DataError
from shortlist.ids import arrow_id_kind, encode_ids, is_bytes, is_text, to_id_column, to_plain, type_name

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
    assert arrow_id_kind(column.type) is not None
    assert column.to_pylist() == ids


@pytest.mark.parametrize("narrow", [pa.int8(), pa.uint16(), pa.int32(), pa.uint64()])
def test_narrow_integers_are_widened(narrow):
    column = to_id_column(pa.chunked_array([pa.array([1, 100], narrow)]), "user")
    assert arrow_id_kind(column.type) == "int64"
    assert column.to_pylist() == [1, 100]


@pytest.mark.parametrize("odd", [pa.string_view(), pa.large_string(), pa.binary_view(), pa.binary(2)])
def test_views_and_fixed_sizes_are_unpacked(odd):
    values = ["ab", "cd"] if "string" in str(odd) else [b"ab", b"cd"]
    column = to_id_column(pa.chunked_array([pa.array(values, odd)]), "user")
    assert arrow_id_kind(column.type) is not None
    assert column.to_pylist() == values


def test_an_unsigned_id_beyond_int64_is_refused():
    with pytest.raises(DataError, match=r"'user'.*int64"):
        to_id_column(pa.chunked_array([pa.array([2**63], pa.uint64())]), "user")


TEXT = ["b", "a", None, "b", ""]


@pytest.mark.parametrize("storage", [pa.string(), pa.large_string(), pa.string_view()])
@pytest.mark.parametrize("encoded", [False, True])
def test_text_is_plain_afterwards(storage, encoded):
    column = pa.chunked_array([pa.array(TEXT[:2], storage), pa.array(TEXT[2:], storage)])
    if encoded:
        column = to_plain(column).dictionary_encode()
    plain = to_plain(column)
    assert plain.to_pylist() == TEXT
    assert is_text(plain.type)
    assert not is_bytes(plain.type)


def test_a_dictionary_of_views_is_unpacked():
    views = pa.DictionaryArray.from_arrays(pa.array([1, 0, None]), pa.array(["a", "b"], pa.string_view()))
    assert to_plain(pa.chunked_array([views])).to_pylist() == ["b", "a", None]


@pytest.mark.parametrize("storage", [pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(2)])
def test_bytes_are_plain_afterwards(storage):
    plain = to_plain(pa.chunked_array([pa.array([b"ab", None], storage)]))
    assert plain.to_pylist() == [b"ab", None]
    assert is_bytes(plain.type)


@pytest.mark.parametrize("values", [[1, 2], [0.5], [["a"]], [True]])
def test_other_columns_stay(values):
    column = pa.chunked_array([values])
    assert to_plain(column).equals(column)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (pd.Series(["a"], dtype="string"), "text"),
        (pl.Series([b"a"]), "bytes"),
        (np.array([1], np.uint8), "integers"),
        (np.array([1], np.float16), "floating point numbers"),
        ([True], "booleans"),
        (pd.Series(["2024-01-01"], dtype="datetime64[ns]"), "times"),
        ([[1], [2, 3]], "lists"),
        ([None], "missing in every row"),
        ([{"a": 1}], "struct<a: int64>"),
    ],
)
def test_what_people_give_has_a_name_they_know(values, name):
    assert type_name(pa.array(values).type) == name


@given(values=st.lists(st.text(max_size=2), min_size=1), cut=st.integers(0, 5))
@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.binary()])
def test_any_chunking_gives_the_same_codes(values, cut, kind):
    values = [value.encode() for value in values] if kind == pa.binary() else values
    codes, distinct = encode_ids(pa.chunked_array([values[:cut], values[cut:]], kind))
    whole_codes, whole = encode_ids(pa.array(values, kind))
    assert distinct.tolist() == whole.tolist() == list(dict.fromkeys(values))
    np.testing.assert_array_equal(codes, whole_codes)
