"""`Categories`: a list of ids a row."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import ArgumentError, FeatureError
from shortlist.features import Categories, Vocabulary

LABELS = st.sampled_from(["a", "b", "c", "", None, "\0"])
LISTS = st.lists(st.lists(LABELS, max_size=5), min_size=1, max_size=6)


def encoded_slowly(known, rows, max_length):
    """Entry by entry: -1 for padding, the place among the known or 0 for the rest."""
    encoded = []
    for row in rows:
        slots = [
            -1 if entry in ("", None) else known.index(entry) + 1 if entry in known else 0 for entry in row
        ]
        encoded.append((slots + [-1] * max_length)[:max_length])
    return encoded


@given(learned=LISTS, asked=LISTS, max_length=st.none() | st.integers(1, 6))
def test_equals_the_slow_way(learned, asked, max_length):
    known = list(dict.fromkeys(entry for row in learned for entry in row if entry))
    if not known:
        with pytest.raises(FeatureError, match="column 'genres': values must hold at least one row"):
            Categories("genres").fit(learned)
        return
    column = Categories("genres", max_length).fit(learned)
    assert column.max_length == (max_length or max(map(len, learned)))
    encoded = column.encode(asked)
    assert encoded.dtype == np.int32
    assert encoded.tolist() == encoded_slowly(known, asked, column.max_length)


@pytest.mark.parametrize(
    "values",
    [
        [["a", "b"], ["b"], []],
        [("a", "b"), np.array(["b"]), []],
        np.array([["a", "b"], ["b", ""], ["", ""]]),
        np.array([["a", "b"], ["b", None], [None, None]], dtype=object),
        pa.array([["a", "b"], ["b"], []]),
        pa.chunked_array([[["a", "b"]], [["b"], []]]),
    ],
)
def test_every_container(values):
    column = Categories("genres").fit(values)
    assert column.num_rows == 3
    assert column.encode(values).tolist() == [[1, 2], [2, -1], [-1, -1]]


def test_integers_are_filled_up_with_minus_one():
    column = Categories("tags").fit(np.array([[5, -1], [6, 7]]))
    assert column.encode(np.array([[7, -1, 5], [8, 5, 6]])).tolist() == [[3, -1], [0, 1]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["drama"], "rows must be lists, got 'drama' in row 0. Declare one value per row as a Category"),
        ([["a"], None], "rows must be lists, got None in row 1"),
        (pa.array([["a"], None]), "got None in row 1"),
        (np.array([1, 2]), "rows must be lists, got .*1.* in row 0"),
        (np.zeros((2, 1, 1), int), "got lists of lists in row 0. Flatten"),
        ([["a", 1]], "str such as 'a' and int such as 1"),
        ([[1.5]], "float"),
    ],
)
def test_refuses(values, message):
    with pytest.raises(FeatureError, match=f"column 'genres': .*{message}"):
        Categories("genres").fit(values)
    with pytest.raises(FeatureError, match="column 'genres': "):
        Categories("genres").fit([["a"]]).encode(values)


def test_an_unfitted_column_refuses_to_encode():
    with pytest.raises(FeatureError, match="column 'genres' must be fitted before it is used"):
        Categories("genres", max_length=2).encode([["a"]])


def test_a_vocabulary_alone_is_not_all():
    column = Categories("genres", vocabulary=Vocabulary(["a", "b"]))
    assert not column.is_fitted
    with pytest.raises(FeatureError, match="column 'genres' must be fitted before it is used"):
        column.encode([["a"]])
    assert column.fit([["b", "x", "a"]]).encode([["b", "x", "a"]]).tolist() == [[2, 0, 1]]


def test_max_length_below_one_is_refused():
    with pytest.raises(ArgumentError, match="max_length of column 'genres' must be >= 1, got 0"):
        Categories("genres", max_length=0)


def test_config_round_trip():
    fitted = Categories("genres").fit([["a", "b"]])
    restored = Categories.from_config(fitted.get_config())
    assert (restored.num_rows, restored.max_length) == (3, 2)
    assert not restored.is_fitted


def test_booleans_are_the_integers_0_and_1():
    column = Categories("flags").fit([[True, None], [False]])
    assert column.known.known_ids.tolist() == [1, 0]
    assert column.encode([[False, True], [None, False]]).tolist() == [[2, 1], [-1, 2]]
