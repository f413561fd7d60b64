import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.data._joins import add_features
from shortlist.errors import DataError


@given(
    st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=20),
    st.permutations(["a", "b", "c", ""]),
)
def test_each_row_gets_the_features_of_its_id(ids, keys):
    facts = {key: len(key) + 10 * ord(key or "z") for key in keys}
    joined = add_features(pa.table({"id": ids}), pa.table({"id": keys, "fact": list(facts.values())}), "id")
    assert joined.to_pydict() == {"id": ids, "fact": [facts[key] for key in ids]}


def test_lists_and_missing_features_are_kept():
    facts = pa.table({"id": pa.array([1, 2], pa.int32()), "genres": [["x"], None]})
    joined = add_features(pa.table({"id": np.array([2, 1])}), facts, "id")
    assert joined["genres"].to_pylist() == [None, ["x"]]


@pytest.mark.parametrize("key_type", [pa.large_string(), pa.string_view()])
def test_texts_of_different_storage_are_joined(key_type):
    facts = pa.table({"id": pa.array(["a"], key_type), "fact": [1]})
    assert add_features(pa.table({"id": ["a"]}), facts, "id")["fact"].to_pylist() == [1]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"id": ["a"], "f": [1]}, "a row for every id, got 1 interactions without a row, the first with 'b'"),
        ({"id": ["a", "b", "a"], "f": [1, 2, 3]}, "one row per id, got several for 'a'"),
        ({"id": [1, 2], "f": [1, 2]}, "must hold text, as in the interactions, got integers"),
        ({"id": ["a", None], "f": [1, 2]}, "missing"),
        ({"id": ["a", "b"], "t": [1, 2]}, r"other columns than the interactions, got \['t'\]"),
        ({"key": ["a", "b"]}, "the features must have the column 'id'"),
    ],
)
def test_features_that_do_not_fit_are_refused(features, message):
    with pytest.raises(DataError, match=message):
        add_features(pa.table({"id": ["a", "b"], "t": [1, 2]}), pa.table(features), "id")
