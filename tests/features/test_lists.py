"""Lists, flat and as rectangles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import FeatureError
from shortlist.features._lists import flattened, is_padding, padded


@given(rows=st.lists(st.lists(st.integers(0, 9), max_size=4)), max_length=st.integers(1, 5))
def test_a_rectangle_holds_the_first_entries_of_each_list(rows, max_length):
    flat, lengths = flattened(rows)
    assert flat.tolist() == [entry for row in rows for entry in row]
    assert lengths.tolist() == list(map(len, rows))
    rectangle = padded(flat.astype(int), lengths, max_length)
    assert rectangle.shape == (len(rows), max_length)
    assert rectangle.tolist() == [(row + [-1] * max_length)[:max_length] for row in rows]


def test_an_array_of_two_dimensions_keeps_its_type():
    flat, lengths = flattened(np.array([[1, 2], [3, 4]], np.int16))
    assert flat.dtype == np.int16
    assert lengths.tolist() == [2, 2]


def test_texts_keep_the_nuls_at_their_end():
    assert flattened([["a\0"], ["b", "\0"]])[0].tolist() == ["a\0", "b", "\0"]


@pytest.mark.parametrize("rows", [["ab"], [["a"], None], [3], np.array([1, 2])])
def test_a_row_that_is_no_list_is_refused(rows):
    with pytest.raises(FeatureError, match=r"rows must be lists, got .* in row \d"):
        flattened(rows)


@pytest.mark.parametrize("rows", [[[["a"]]], np.zeros((1, 1, 1))])
def test_lists_of_lists_are_refused(rows):
    with pytest.raises(FeatureError, match="rows must be flat lists, got lists of lists in row 0"):
        flattened(rows)


def test_padding():
    flat = np.array(["", b"", None, -1, np.int64(-1), "0", 0, "\0", b"a", -2], dtype=object)
    assert is_padding(flat).tolist() == [True] * 5 + [False] * 5
