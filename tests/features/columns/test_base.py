"""What every column promises."""

import dataclasses

import numpy as np
import pytest

from shortlist.errors import FeatureError
from shortlist.features import Buckets, Categories, Category, Column, Number, Text
from shortlist.features.columns._base import naming

VALUES = {
    Category("c"): ["a", "b", "a"],
    Categories("c"): [["a", "b"], [], ["b"]],
    Text("c"): ["a b", "", "c"],
    Number("c"): [1.0, 2.0, 4.0],
    Buckets("c", num_buckets=3): [1, 2, 4],
}


@pytest.mark.parametrize("column", VALUES, ids=lambda column: type(column).__name__)
def test_the_contract_of_columns(column: Column):
    values = VALUES[column]
    assert not column.is_fitted
    fitted = column.fit(values)
    assert fitted.is_fitted
    assert not column.is_fitted  # the first has not changed
    assert fitted.fit(values[:1]) is fitted

    encoded = fitted.encode(values)
    assert encoded.ndim == (2 if fitted.is_list else 1)
    assert len(encoded) == 3
    assert encoded.dtype == (np.float32 if fitted.num_rows is None else np.int32)
    assert fitted.encode(values[:0]).shape == (0, *encoded.shape[1:])
    np.testing.assert_array_equal(
        np.concatenate([fitted.encode(values[i : i + 1]) for i in range(3)]), encoded
    )
    if fitted.num_rows is not None:
        assert -1 <= encoded.min() <= encoded.max() < fitted.num_rows


@pytest.mark.parametrize("column", VALUES, ids=lambda column: type(column).__name__)
def test_columns_are_frozen_final_and_comparable(column: Column):
    with pytest.raises(dataclasses.FrozenInstanceError):
        column.column = "other"
    assert type(column).__final__
    fitted = column.fit(VALUES[column])
    assert fitted == column.fit(VALUES[column])
    assert hash(fitted) == hash(column.fit(VALUES[column]))
    assert fitted != column


def test_naming_leaves_other_errors_alone():
    with pytest.raises(KeyError), naming("age"):
        raise KeyError("other")
    with pytest.raises(FeatureError, match="column 'age': got text"), naming("age"):
        raise FeatureError("got text")
