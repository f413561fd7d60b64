"""`Category`: one id a row."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.errors import ArtifactError, FeatureError
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
        (["a", None], "row 1 has no value"),
        ([1.5], "float"),
        (np.zeros((2, 3), int), r"shape \(2, 3\).*Categories"),
        (np.zeros((2, 1, 1), int), r"shape \(2, 1, 1\).*batched twice"),
        ("a", r"shape \(\)"),
    ],
)
def test_fit_refuses(values, message):
    with pytest.raises(FeatureError, match=f"column 'genre': .*{message}"):
        Category("genre").fit(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1], "must be str such as 'a', as in the vocabulary, got int64 such as 1"),
        (["a", None], "row 1 has no value"),
        ([["a", "b"]], r"shape \(1, 2\), expected \[batch\] or \[batch, 1\]"),
        ([[["a"]]], r"shape \(1, 1, 1\)"),
    ],
)
def test_encode_refuses(values, message):
    with pytest.raises(FeatureError, match=f"column 'genre': .*{message}"):
        Category("genre").fit(["a"]).encode(values)


def test_an_unfitted_column_refuses_to_encode():
    with pytest.raises(FeatureError, match="column 'genre' has learned nothing yet"):
        Category("genre").encode(["a"])
    with pytest.raises(FeatureError, match="column 'genre' has learned nothing yet"):
        _ = Category("genre").num_rows


def test_config_round_trip():
    fitted = Category("genre").fit(["a", "b"])
    restored = Category.from_config(fitted.get_config())
    assert restored.num_rows == 3
    assert not restored.is_fitted
    with pytest.raises(FeatureError, match="misses its vocabulary"):
        restored.encode(["a"])
    assert restored.with_vocabulary(Vocabulary(["a", "b"])) == fitted
    with pytest.raises(ArtifactError, match="column 'genre': got a vocabulary"):
        restored.with_vocabulary(Vocabulary(["a"]))
