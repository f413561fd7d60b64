"""Ids come back exactly as they went in, and rows are those of a list searched from its start."""

import time

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import ArgumentError, FeatureError
from shortlist.ids import Vocabulary

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(max_size=6) | st.sampled_from(["", "\0", "a\0", "a\0b", "é", "e\u0301", "🎬", "\ufeff", "42"])
BYTES = st.binary(max_size=6) | st.sampled_from([b"", b"\0", b"a\0", b"\xff", b"42"])
SAME_KIND = st.sampled_from([TEXT, BYTES, INT64])


def row_by_search(known, asked):
    return known.index(asked) + 1 if asked in known else 0


@given(st.data())
def test_rows_equal_a_search_and_ids_come_back_exactly(data):
    ids = data.draw(SAME_KIND)
    known = data.draw(st.lists(ids, min_size=1, max_size=20, unique=True))
    asked = data.draw(st.lists(ids | st.sampled_from(known), max_size=20))
    vocabulary = Vocabulary(known)

    rows = vocabulary.rows(asked)
    assert rows.dtype == np.int32
    assert rows.tolist() == [row_by_search(known, id_) for id_ in asked]

    back = vocabulary.ids(np.arange(1, len(known) + 1)).tolist()
    assert back == known == vocabulary.known_ids.tolist()
    assert [type(id_) for id_ in back] == [type(id_) for id_ in known]
    assert len(vocabulary) == len(known)
    assert vocabulary.num_rows == len(known) + 1


@given(st.data())
def test_from_values_keeps_the_first_of_each(data):
    values = data.draw(st.lists(data.draw(SAME_KIND), min_size=1, max_size=20))
    first_of_each = [value for i, value in enumerate(values) if value not in values[:i]]
    assert Vocabulary.from_values(values) == Vocabulary(first_of_each)


@given(st.data())
def test_extend_leaves_rows_where_they_are(data):
    ids = data.draw(SAME_KIND)
    old = data.draw(st.lists(ids, min_size=1, max_size=10, unique=True))
    new = data.draw(st.lists(ids | st.sampled_from(old), max_size=10))
    extended = Vocabulary(old).extend(new)
    assert extended.rows(old).tolist() == list(range(1, len(old) + 1))
    assert extended.known_ids.tolist()[: len(old)] == old
    assert set(extended.known_ids.tolist()) == {*old, *new}


def test_extend_of_another_kind_is_refused():
    with pytest.raises(FeatureError, match="str such as 'a' and int such as 1"):
        Vocabulary(["a"]).extend([1])


@pytest.mark.parametrize("shape", [(), (6,), (2, 3), (1, 6, 1), (0,), (0, 3)])
def test_rows_and_ids_keep_the_shape(shape):
    vocabulary = Vocabulary([10, 20])
    asked = np.full(shape, 20)
    assert vocabulary.rows(asked).shape == shape
    assert vocabulary.ids(vocabulary.rows(asked)).shape == shape


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (np.array(["a", "bc"]), "str"),
        (np.array(["a", "bc"], dtype=np.dtypes.StringDType()), "str"),
        (np.array(["a", "bc"], dtype=object), "str"),
        ([np.str_("a"), "bc"], "str"),
        (pa.array(["a", "bc"]), "str"),
        (pa.chunked_array([["a"], ["bc"]]), "str"),
        (pa.array(["a", "bc"]).dictionary_encode(), "str"),
        (pd.Series(["a", "bc"]), "str"),
        ((id_ for id_ in ("a", "bc")), "str"),
        (np.array([b"a", b"bc"]), "bytes"),
        (pa.array([b"a", b"bc"]), "bytes"),
        (np.array([3, -4], dtype=np.int8), "int64"),
        (np.array([3, 2**63 - 1], dtype=np.uint64), "int64"),
        ([np.int32(3), 4], "int64"),
        (pa.chunked_array([[2**53 + 1], [4]]), "int64"),
        (range(3, 9), "int64"),
    ],
)
def test_ids_of_every_container(ids, kind):
    ids = list(ids) if not hasattr(ids, "__len__") else ids
    vocabulary = Vocabulary(ids)
    assert vocabulary.kind == kind
    assert vocabulary.rows(ids).tolist() == list(range(1, len(ids) + 1))
    assert {type(id_) for id_ in vocabulary.known_ids.tolist()} == {
        {"str": str, "bytes": bytes, "int64": int}[kind]
    }


def test_a_str_vocabulary_takes_utf8():
    vocabulary = Vocabulary(["é", "a\0", "ÿ", "\ufffd"])
    assert vocabulary.rows([b"\xc3\xa9", b"a\0", b"a", b"\xff", b"\xed\xb0\x80"]).tolist() == [1, 2, 0, 0, 0]


def test_a_bytes_vocabulary_takes_text_as_utf8():
    vocabulary = Vocabulary([b"\xc3\xa9", b"a\0", b"\xff", b"\xed\xb0\x80"])
    assert vocabulary.rows(["é", "a\0", "a", "ÿ", "\udc00", "\udcff"]).tolist() == [1, 2, 0, 0, 0, 0]
    assert vocabulary.rows(np.array([["é"]])).tolist() == [[1]]
    assert "é" in vocabulary


def test_integers_beyond_int64_are_unknown():
    vocabulary = Vocabulary([-1, 2**63 - 1])
    assert vocabulary.rows(np.array([2**64 - 1, 2**63], dtype=np.uint64)).tolist() == [0, 0]
    assert vocabulary.rows([2**64 - 1, 2**80]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("known", "asked", "message"),
    [
        ([1, 2], ["1"], "be int64 such as 1, as in the vocabulary, got str such as '1'"),
        (["a"], [1], "be str such as 'a', as in the vocabulary, got int64 such as 1"),
        ([b"1"], [1], "be bytes such as b'1', as in the vocabulary, got int64 such as 1"),
        ([1], [1.0], "float"),
        ([1], np.array([1.0]), "float64"),
        ([1], [True], "bool"),
        ([1], np.array([True]), "bool"),
        (["a"], ["a", None], "NoneType"),
        (["a"], ["a", b"a"], "str such as 'a' and bytes such as b'a'"),
        (["a"], np.array([["a"], None], dtype=object), "NoneType|list"),
    ],
)
def test_ids_of_another_kind_are_refused(known, asked, message):
    with pytest.raises(FeatureError, match=message):
        Vocabulary(known).rows(asked)


@pytest.mark.parametrize(
    ("ids", "error", "message"),
    [
        ([], ArgumentError, "must hold at least one id"),
        (np.array([], dtype=np.int64), ArgumentError, "must hold at least one id"),
        (["a", "b", "a"], ArgumentError, "'a' at positions 0 and 2"),
        ([["a", "b"]], ArgumentError, r"shape \(1, 2\)"),
        ("abc", ArgumentError, r"shape \(\)"),
        ([1.5], FeatureError, "float"),
        ([1, "a"], FeatureError, "int such as 1 and str such as 'a'"),
        ([None], FeatureError, "NoneType"),
        ([2**63], FeatureError, str(2**63)),
        ([-(2**63) - 1], FeatureError, "int64"),
        (["a", "b\ud800"], FeatureError, "Unicode, got .b.ud800"),
        ([True], FeatureError, "bool"),
    ],
)
def test_what_is_no_vocabulary_is_refused(ids, error, message):
    with pytest.raises(error, match=message):
        Vocabulary(ids)


@pytest.mark.parametrize("rows", [[0], [1, 3], [-1], [[1], [2**40]], [1.0], ["1"]])
def test_rows_that_stand_for_no_id_are_refused(rows):
    with pytest.raises(ArgumentError, match="rows must be integers from 1 to 2"):
        Vocabulary(["a", "b"]).ids(rows)


def test_equality_is_of_kind_ids_and_order():
    assert Vocabulary(["a", "b"]) == Vocabulary(["a", "b"])
    assert hash(Vocabulary(["a", "b"])) == hash(Vocabulary(["a", "b"]))
    assert Vocabulary(["a", "b"]) != Vocabulary(["b", "a"])
    assert Vocabulary(["a"]) != Vocabulary([b"a"])
    assert Vocabulary(["1"]) != Vocabulary([1])
    assert Vocabulary(["a"]) != "a"


def test_containment_and_repr():
    vocabulary = Vocabulary([5, 7])
    assert 5 in vocabulary
    assert 6 not in vocabulary
    assert repr(vocabulary) == "Vocabulary(2 int64 ids, 5 to 7)"


def test_known_ids_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        Vocabulary([5, 7]).known_ids[0] = 6


@pytest.mark.parametrize("make", [lambda i: f"user-{i}", lambda i: i * 7919 - 2**40])
def test_a_million_ids_in_seconds(make, tmp_path):
    ids = [make(i) for i in range(1_000_000)]
    started = time.perf_counter()
    vocabulary = Vocabulary(ids)
    assert vocabulary.rows(ids[::-1])[0] == 1_000_000
    vocabulary.save(tmp_path / "ids.parquet")
    assert Vocabulary.load(tmp_path / "ids.parquet") == vocabulary
    assert time.perf_counter() - started < 30  # 2 to 4 s on two quiet cores
