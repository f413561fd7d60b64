"""`Category`: one id a row."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import FeatureError
from shortlist.features import Category, Vocabulary


@given(learned=st.lists(st.text(max_size=2), min_size=1), asked=st.lists(st.text(max_size=2)))
def test_a_value_becomes_its_place_among_the_first_appearances(learned, asked):
    order = list(dict.fromkeys(learned))
    encoded = Category("c").fit(learned).encode(asked)
    assert encoded.dtype == np.int32
    assert encoded.tolist() == [order.index(value) + 1 if value in order else 0 for value in asked]


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_a_batch_with_and_without_a_last_axis(shape):
    column = Category("c").fit(np.array([7, 8, 7]).reshape(shape))
    assert column.encode(np.array([8, 7, 9]).reshape(shape)).tolist() == [2, 1, 0]


def test_arrow_columns():
    column = Category("c").fit(pa.chunked_array([["a"], ["b"]]))
    assert column.encode(pa.array(["b", "c"])).tolist() == [2, 0]


def test_fit_keeps_what_was_learned_before():
    column = Category("c", Vocabulary(["x"]))
    assert column.fit(["a", "b"]) is column


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "values must hold at least one row to fit on"),
        (["a", None], "got none in row 1"),
        ([1.5], "float"),
        (np.zeros((2, 3), int), r"got \(2, 3\). Declare a feature of lists as Categories"),
        (np.zeros((2, 1, 1), int), r"got \(2, 1, 1\).*batched twice"),
        ("a", r"got \(\). Put one value into a list"),
    ],
)
def test_fit_refuses(values, message):
    with pytest.raises(FeatureError, match=f"column 'genre': .*{message}"):
        Category("genre").fit(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1], "must be str such as 'a', as in the vocabulary, got int64 such as 1"),
        (["a", None], "got none in row 1"),
        ([["a", "b"]], r"must have shape \[batch\] or \[batch, 1\], got \(1, 2\)"),
        ([[["a"]]], r"got \(1, 1, 1\)"),
    ],
)
def test_encode_refuses(values, message):
    with pytest.raises(FeatureError, match=f"column 'genre': .*{message}"):
        Category("genre").fit(["a"]).encode(values)


def test_an_unfitted_column_refuses_to_encode():
    with pytest.raises(FeatureError, match="column 'genre' must be fitted before it is used"):
        Category("genre").encode(["a"])
    with pytest.raises(FeatureError, match="column 'genre' must be fitted before it is used"):
        _ = Category("genre").num_rows


def test_config_round_trip():
    fitted = Category("genre").fit(["a", "b"])
    restored = Category.from_config(fitted.get_config())
    assert restored.num_rows == 3
    assert not restored.is_fitted
    with pytest.raises(FeatureError, match="must have its vocabulary before it is used"):
        restored.encode(["a"])


@pytest.mark.parametrize(
    "values", [[True, False, True], np.array([True, False, True]), pa.array([True, False, True])]
)
def test_booleans_are_the_integers_0_and_1(values):
    column = Category("is_premium").fit(values)
    assert column.known.known_ids.tolist() == [1, 0]
    assert column.encode(values).tolist() == [1, 2, 1]
    assert column.encode([0, 1, 2]).tolist() == [2, 1, 0]


@pytest.mark.parametrize("values", [[True, 1], [True, "yes"]])
def test_booleans_among_other_values_are_refused(values):
    with pytest.raises(FeatureError, match="column 'is_premium': .*got bool such as True and "):
        Category("is_premium").fit(values)


@given(known=st.lists(st.integers(), min_size=1, unique=True), asked=st.lists(st.integers(0, 5)))
def test_arrow_columns_are_encoded_as_lists_are(known, asked):
    column = Category("id").fit([value % 2**40 for value in known])
    np.testing.assert_array_equal(column.encode(pa.array(asked, pa.int64())), column.encode(asked))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", 1], "got str such as 'a' and int such as 1. Convert all of them to one kind"),
        ([["a"], ["b", "c"]], r"got a list in row 0, \['a'\]. Declare a feature of lists as Categories"),
        (pa.array([["a"], ["b", "c"]]), "got a list in row 0"),
    ],
)
def test_mixed_and_nested_values_are_refused_with_the_way_out(values, message):
    with pytest.raises(FeatureError, match=f"column 'genre': ids must be .* {message}"):
        Category("genre").fit(values)
