"""Columns by name."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from shortlist.errors import FeatureError
from shortlist.features import source

COLUMNS = {"user_id": ["a", "b"], "age": [1, 2]}


class WithTable:
    """Stands for `Interactions`."""

    table = pa.table(COLUMNS)


@pytest.mark.parametrize("holder", [COLUMNS, pa.table(COLUMNS), pd.DataFrame(COLUMNS), WithTable()], ids=type)
def test_every_holder(holder):
    assert source.names(holder) == ["user_id", "age"]
    assert list(np.asarray(source.values(holder, "user_id"))) == ["a", "b"]
    assert source.has_columns(holder)
    with pytest.raises(FeatureError, match=r"got columns \['user_id', 'age'\], expected one named 'gender'"):
        source.values(holder, "gender")


@pytest.mark.parametrize("values", [["a"], np.array(["a"]), pa.array(["a"]), "a"])
def test_values_alone_have_no_columns(values):
    assert not source.has_columns(values)
