"""Every kind of column survives JSON."""

import json

import pytest

from shortlist.errors import ArtifactError
from shortlist.features import Buckets, Categories, Category, Number, Text
from shortlist.features.columns._config import column_config, column_from_config

FITTED = [
    Category("c").fit([7, 8]),
    Categories("c", max_length=4).fit([["a"]]),
    Text("c", max_tokens=3, max_length=2).fit(["a b"]),
    Number("c").fit([0.1, 0.7]),
    Buckets("c", num_buckets=7).fit([0.1, 0.7, 0.9]),
]
UNFITTED = [Category("c"), Categories("c"), Text("c"), Number("c"), Buckets("c")]


@pytest.mark.parametrize("column", FITTED, ids=lambda column: type(column).__name__)
def test_a_fitted_column_keeps_its_size(column):
    restored = column_from_config(json.loads(json.dumps(column_config(column))))
    assert type(restored) is type(column)
    assert (restored.column, restored.num_rows) == (column.column, column.num_rows)
    assert column_config(restored) == column_config(column)


@pytest.mark.parametrize("column", UNFITTED, ids=lambda column: type(column).__name__)
def test_an_unfitted_column_comes_back(column):
    assert column_from_config(json.loads(json.dumps(column_config(column)))) == column


def test_an_unknown_class_is_refused():
    with pytest.raises(ArtifactError, match="'Image'.*Category, Categories"):
        column_from_config({"class": "Image", "column": "poster"})
