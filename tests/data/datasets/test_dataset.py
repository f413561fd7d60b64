import pyarrow as pa
import pytest

from shortlist.data import Dataset, Interactions
from shortlist.errors import DataError

EVENTS = Interactions.from_table({"u": ["a", "b"], "i": [1, 2]}, user="u", item="i")
USERS = pa.table({"u": ["b", "a"], "age": [20, 10]})


def test_joined_has_the_features_of_both_sides():
    items = pa.table({"i": [2, 1, 3], "name": ["two", "one", "three"]})
    joined = Dataset("small", EVENTS, USERS, items).joined()
    assert joined.table.to_pydict() == {
        "u": ["a", "b"],
        "i": [1, 2],
        "age": [10, 20],
        "name": ["one", "two"],
    }


def test_an_item_without_features_is_named():
    with pytest.raises(DataError, match="the first with 2"):
        Dataset("small", EVENTS, USERS, pa.table({"i": [1], "name": ["one"]})).joined()
