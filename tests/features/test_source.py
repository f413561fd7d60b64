"""Columns by name."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from shortlist.data import InteractionFiles
from shortlist.errors import FeatureError
from shortlist.features import _source as source

COLUMNS = {"user_id": ["a", "b"], "age": [1, 2]}


class WithTable:
    """Stands for `Interactions`."""

    table = pa.table(COLUMNS)


HOLDERS = [COLUMNS, pa.table(COLUMNS), pd.DataFrame(COLUMNS), pl.DataFrame(COLUMNS), WithTable()]


@pytest.mark.parametrize("holder", HOLDERS, ids=type)
def test_every_holder(holder):
    assert source.names(holder) == ["user_id", "age"]
    assert list(np.asarray(source.values(holder, "user_id"))) == ["a", "b"]
    assert source.has_columns(holder)
    with pytest.raises(FeatureError, match=r"have the column 'gender', got columns \['user_id', 'age'\]"):
        source.values(holder, "gender")


@pytest.mark.parametrize("values", [["a"], np.array(["a"]), pa.array(["a"]), "a"])
def test_values_alone_have_no_columns(values):
    assert not source.has_columns(values)


def test_files_are_mapped_part_by_part_and_give_no_whole_column(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"u,i,x\n{name},1,2\n")
    files = InteractionFiles(tmp_path, user="u", item="i")
    assert source.has_columns(files)
    assert source.names(files) == ["u", "i", "x"]
    parts = source.map_parts(files, lambda part: part["u"].to_pylist(), ["x"], progress="reading")
    assert list(parts) == [["a"], ["b"]]
    with pytest.raises(FeatureError, match="column 'x' must be in a table in memory, got InteractionFiles"):
        source.values(files, "x")
    with pytest.raises(FeatureError, match="must have the column 'y'"):
        source.map_parts(files, len, ["y"], progress="reading")
