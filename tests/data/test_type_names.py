import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from shortlist.data._type_names import type_name


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (pd.Series(["a"], dtype="string"), "text"),
        (pl.Series([b"a"]), "bytes"),
        (np.array([1], np.uint8), "integers"),
        (np.array([1], np.float16), "floating point numbers"),
        ([True], "true or false"),
        (pd.Series(["2024-01-01"], dtype="datetime64[ns]"), "times"),
        ([[1], [2, 3]], "lists"),
        ([None], "missing in every row"),
        ([{"a": 1}], "struct<a: int64>"),
    ],
)
def test_what_people_give_has_a_name_they_know(values, name):
    assert type_name(pa.array(values).type) == name
