"""Tables of every library become the same Arrow table, and columns become exact NumPy arrays."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from shortlist.data._tables import lists_from_mask, read_table, to_numpy
from shortlist.errors import DataError

COLUMNS = {"user": ["ann", "bob"], "item": [3, 2**40], "rating": [4.5, 1.0]}


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS),
        pa.table(COLUMNS),
        pa.RecordBatch.from_pydict(COLUMNS),
        COLUMNS,
        {name: np.array(values) for name, values in COLUMNS.items()},
        {name: pd.Series(values) for name, values in COLUMNS.items()},
        {name: pl.Series(values) for name, values in COLUMNS.items()},
    ],
    ids=lambda frame: type(frame).__module__,
)
def test_every_kind_of_table_gives_the_same(frame):
    assert read_table(frame).to_pydict() == COLUMNS


def test_an_unnamed_index_of_pandas_is_no_column():
    frame = pd.DataFrame(COLUMNS, index=[5, 9])
    assert read_table(frame).column_names == list(COLUMNS)


@pytest.mark.parametrize("data", [[1, 2], "path.csv", pl.LazyFrame(COLUMNS), None])
def test_other_data_is_refused(data):
    with pytest.raises(DataError, match=f"data must be a pandas or polars frame.*got {type(data).__name__}"):
        read_table(data)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"id": [1, 2], "user": pd.Series(["a", 1], dtype=object)}),
        pl.DataFrame({"id": [1, 2], "user": pl.Series(["a", 1], dtype=pl.Object)}),
    ],
    ids=["pandas", "polars"],
)
def test_a_frame_with_mixed_values_is_refused(frame):
    with pytest.raises(
        DataError, match="column 'user' must .* got str such as 'a' and int such as 1. Convert"
    ):
        read_table(frame)


def column_of(values, type=None):
    return pa.chunked_array([pa.array(values, type)])


@pytest.mark.parametrize("values", [["a", "b", "a"], [b"x", b"", b"x"], [1, -5, 2**62], [0.5, 1.5, 2.5]])
def test_values_come_back_as_they_went_in(values):
    table = read_table({"x": values})
    assert to_numpy(table["x"], "x").tolist() == values


def test_text_is_an_object_array_that_shares_its_values():
    text = to_numpy(column_of(["ann" * 5, "bob", "ann" * 5]), "user")
    assert text.dtype == object
    assert text[0] is text[2]


def test_vectors_keep_their_rows():
    vectors = np.arange(6, dtype=np.float32).reshape(3, 2)
    column = read_table({"x": vectors})["x"]
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
    table = read_table({"f": np.array([np.nan]), "o": np.array([np.nan], object)})
    assert table["f"].null_count == 0
    assert table["o"].null_count == 1


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.zeros((2, 2, 2)), r"'x' must hold one value .* got rank 3, shape \(2, 2, 2\)"),
        (np.array(3), r"got rank 0, shape \(\)"),
        ("abc", "got rank 0"),
        (7, "got rank 0"),
        (["a", 1], "'x' must hold values of one type, got str such as 'a' and int such as 1. Convert"),
        ([1, "a", None], "got int such as 1 and str such as 'a'. Convert"),
        ([b"a", "a"], "got bytes such as b'a' and str such as 'a'"),
        (["a", ["b"]], r"got str such as 'a' and list such as \['b'\]. Give lists in every row, or one"),
        ([["a", 1], ["b"]], "got lists of str such as 'a' and int such as 1"),
        (pd.Series(["a", 1], dtype=object), "got str such as 'a' and int such as 1"),
        (np.array(["a", 1], dtype=object), "got str such as 'a' and int such as 1"),
    ],
)
def test_a_column_of_wrong_rank_or_mixed_types_is_refused(values, message):
    with pytest.raises(DataError, match=message):
        read_table({"x": values})


def test_unequal_lengths_are_listed():
    with pytest.raises(DataError, match="same length, got .*'a': 2, 'b': 3"):
        read_table({"a": [1, 2], "b": [1, 2, 3]})


def test_a_mask_becomes_lists_of_names():
    mask = np.random.default_rng(0).random((20, 4)) < 0.5
    names = ["a", "b", "c", "d"]
    expected = [[name for name, flag in zip(names, row, strict=True) if flag] for row in mask.tolist()]
    assert lists_from_mask(mask, names).to_pylist() == expected
