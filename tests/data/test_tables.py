import numpy as np
import pyarrow as pa
import pytest
from shortlist.data._columns import lists_from_mask, table_from_mapping, to_numpy

from shortlist.errors import DataError


def column_of(values, type=None):
    return pa.chunked_array([pa.array(values, type)])


@pytest.mark.parametrize("values", [["a", "b", "a"], [b"x", b"", b"x"], [1, -5, 2**62], [0.5, 1.5, 2.5]])
def test_values_come_back_as_they_went_in(values):
    table = table_from_mapping({"x": values})
    assert to_numpy(table["x"], "x").tolist() == values


def test_text_is_an_object_array_that_shares_its_values():
    text = to_numpy(column_of(["ann" * 5, "bob", "ann" * 5]), "user")
    assert text.dtype == object
    assert text[0] is text[2]


def test_vectors_keep_their_rows():
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    column = table_from_mapping({"x": vectors})["x"]
    np.testing.assert_array_equal(to_numpy(column, "x"), vectors)
    np.testing.assert_array_equal(to_numpy(column.slice(1), "x"), vectors[1:])


def test_lists_are_arrays_of_their_own_length():
    lists = to_numpy(column_of([["a", "b"], []]), "genres")
    assert [list(entry) for entry in lists] == [["a", "b"], []]


def test_missing_values_are_none_or_nan():
    assert to_numpy(column_of(["a", None]), "x").tolist() == ["a", None]
    np.testing.assert_array_equal(to_numpy(column_of([1995, None]), "year"), [1995.0, np.nan])


def test_integers_that_would_change_as_floats_are_refused():
    with pytest.raises(DataError, match=r"'x'.*float64"):
        to_numpy(column_of([2**60 + 1, None]), "x")


def test_nan_among_floats_is_a_number_and_among_objects_is_missing():
    table = table_from_mapping({"f": np.array([np.nan]), "o": np.array([np.nan], object)})
    assert table["f"].null_count == 0
    assert table["o"].null_count == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((2, 2, 2)), r"'x': rank 3, shape \(2, 2, 2\)"),
        (np.array(3), r"'x': rank 0, shape \(\)"),
        ("abc", "'x': rank 0"),
        (7, "'x': rank 0"),
        (["a", 1], "'x': the values cannot be read as one type"),
    ],
)
def test_a_column_of_wrong_rank_or_mixed_types_is_refused(values, message):
    with pytest.raises(DataError, match=message):
        table_from_mapping({"x": values})


def test_unequal_lengths_are_listed():
    with pytest.raises(DataError, match="'a': 2, 'b': 3"):
        table_from_mapping({"a": [1, 2], "b": [1, 2, 3]})


def test_a_mask_becomes_lists_of_names():
    mask = np.random.default_rng(0).random((20, 4)) < 0.5
    names = ["a", "b", "c", "d"]
    expected = [[name for name, flag in zip(names, row, strict=True) if flag] for row in mask.tolist()]
    assert lists_from_mask(mask, names).to_pylist() == expected
