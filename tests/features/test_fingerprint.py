import json

import pytest

from shortlist.features._fingerprint import columns_fingerprint
from shortlist.features.columns import Buckets, Categories, Category, Number, Text

FITTED = [
    Category("a").fit(["x", "y"]),
    Category("b").fit(["x", "y"]),
    Category("a").fit(["y", "x"]),
    Category("a").fit([b"x", b"y"]),
    Category("a").fit([1, 2]),
    Categories("a").fit([["x", "y"]]),
    Categories("a", max_length=3).fit([["x", "y"]]),
    Text("a").fit(["x y"]),
    Number("a").fit([1, 2]),
    Number("a").fit([1, 3]),
    Buckets("a").fit([1, 2]),
]


def test_columns_that_encode_differently_differ():
    texts = [json.dumps(columns_fingerprint([column])) for column in FITTED]
    assert len(set(texts)) == len(FITTED)


@pytest.mark.parametrize("column", FITTED)
def test_columns_that_learned_the_same_are_alike(column):
    assert columns_fingerprint([column]) == columns_fingerprint([type(column)(**vars(column))])
