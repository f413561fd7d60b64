"""Examples are values that the column takes, an unknown one among them."""

import numpy as np
import pytest

from shortlist.errors import ArgumentError
from shortlist.export.queries._examples import example_ids, example_values
from shortlist.features import Buckets, Categories, Category, Number, Text, Vocabulary

COLUMNS = [
    Category("user").fit(["ann", "unknown", ""]),
    Category("raw").fit([b"\xff", b"unknown"]),
    Category("number").fit([-5, 2**40, 0]),
    Categories("genres").fit([["Drama", "War"], ["Drama"]]),
    Categories("codes").fit([[7], [9, 8]]),
    Text("title").fit(["The Rock", "Heat"]),
    Number("age").fit([20, 30, 50]),
    Number("height").fit([1.5, 1.75]),
    Buckets("time", num_buckets=3).fit([1, 2, 3, 4, 5]),
    Buckets("constant").fit([2.5, 2.5]),
]


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.column)
@pytest.mark.parametrize("num_values", [1, 5])
def test_the_column_takes_its_examples(column, num_values):
    values = example_values(column, num_values)
    assert len(values) == num_values
    assert len(column.encode(values)) == num_values


@pytest.mark.parametrize("ids", [["unknown", "unknown?", "a"], [b"unknown"], [0, 1, 2, 5]], ids=str)
def test_the_last_id_is_unknown_and_the_others_are_known(ids):
    vocabulary = Vocabulary(ids)
    rows = vocabulary.rows(example_ids(vocabulary, 7))
    assert rows[-1] == 0
    assert (rows[:-1] > 0).all()


def test_examples_of_whole_numbers_are_whole():
    assert example_values(Number("age").fit([20, 30, 50]), 3).dtype == np.int64


def test_a_column_of_the_users_own_needs_examples_given():
    with pytest.raises(ArgumentError, match="pass example_inputs"):
        example_values(type("Other", (), {"column": "other"})(), 2)
