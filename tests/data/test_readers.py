import gzip

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shortlist.data.readers import read_csv, read_parquet, read_table
from shortlist.errors import DataError

COLUMNS = {"user": ["ann", "bob"], "item": [3, 2**40], "rating": [4.5, 1.0]}


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS),
        pa.table(COLUMNS),
        pa.RecordBatch.from_pydict(COLUMNS),
        COLUMNS,
        {name: np.array(values) for name, values in COLUMNS.items()},
        {name: pd.Series(values) for name, values in COLUMNS.items()},
        {name: pl.Series(values) for name, values in COLUMNS.items()},
    ],
    ids=lambda frame: type(frame).__module__,
)
def test_every_kind_of_table_gives_the_same(frame):
    assert read_table(frame).to_pydict() == COLUMNS


def test_an_unnamed_index_of_pandas_is_no_column():
    frame = pd.DataFrame(COLUMNS, index=[5, 9])
    assert read_table(frame).column_names == list(COLUMNS)


@pytest.mark.parametrize("data", [[1, 2], "path.csv", pl.LazyFrame(COLUMNS), None])
def test_other_data_is_refused(data):
    with pytest.raises(DataError, match=f"cannot read interactions from {type(data).__name__}"):
        read_table(data)


def test_a_frame_with_mixed_values_is_refused():
    with pytest.raises(DataError, match="one type"):
        read_table(pd.DataFrame({"user": pd.Series(["a", 1], dtype=object)}))


def test_csv_keeps_text_that_looks_like_numbers_or_nothing(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text('id,title\n007,"a, ""b"""\nNA,null\n')
    table = read_csv(path, column_types={"id": pa.string()}, required=["id"])
    assert table.to_pydict() == {"id": ["007", "NA"], "title": ['a, "b"', "null"]}


def test_csv_is_unpacked(tmp_path):
    path = tmp_path / "r.csv.gz"
    path.write_bytes(gzip.compress(b"a\tb\n1\t2\n"))
    assert read_csv(path, delimiter="\t").to_pydict() == {"a": [1], "b": [2]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"u,i\n1,2\n1,2,3\n", "Row #3: Expected 2 columns, got 3"),
        (b"u,i\n1,2\n1,x\n", "Row #3: .*'x'"),
        (b"", "Empty CSV"),
        (b"u,i,name\n1,2,\xff\xfe\n", "'name' is not text in UTF-8"),
    ],
)
def test_a_bad_csv_row_is_named_with_its_file(tmp_path, text, message):
    path = tmp_path / "ratings.csv"
    path.write_bytes(text)
    with pytest.raises(DataError, match=f"ratings.csv: .*{message}"):
        read_csv(path, column_types={"i": pa.int64()})


def test_a_bad_row_far_down_is_counted_from_the_beginning_of_the_file(tmp_path):
    path = tmp_path / "ratings.csv"
    rows = ["u,i"] + ["12345678,12345678"] * 200_000
    rows[150_000] = "only one"
    path.write_text("\n".join(rows))
    with pytest.raises(DataError, match="Row #150001"):
        read_csv(path)


def test_a_required_value_must_not_be_empty(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("u,i\na,b\n,c\n")
    with pytest.raises(DataError, match=r"ratings.csv: column 'u': the value of row 1"):
        read_csv(path, required=["u"])


def test_parquet_is_read(tmp_path):
    pq.write_table(pa.table(COLUMNS), tmp_path / "r.parquet")
    assert read_parquet(tmp_path / "r.parquet").to_pydict() == COLUMNS


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_parquet_is_refused_with_its_file(tmp_path, share):
    path = tmp_path / "r.parquet"
    pq.write_table(pa.table({"x": np.arange(1000)}), path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match=r"r.parquet: this is no whole Parquet file"):
        read_parquet(path)


@pytest.mark.parametrize("read", [read_csv, read_parquet])
def test_a_missing_file_is_named(tmp_path, read):
    with pytest.raises(DataError, match=r"there is no file .*nowhere"):
        read(tmp_path / "nowhere")
