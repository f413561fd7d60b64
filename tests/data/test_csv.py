import gzip

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shortlist.data._readers import read_csv, read_parquet, read_table

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
    with pytest.raises(DataError, match=f"cannot read a table from {type(data).__name__}"):
        read_table(data)


def test_a_frame_with_mixed_values_is_refused():
    said = r"cannot be read: [^(].*: .* column user .*object\. Give every column one type"
    with pytest.raises(DataError, match=said):
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
        (b"u,i\n1,2\n1,2,3\n", r"row 2 \(counted from 1, after the header\): Expected 2 columns, got 3"),
        (b"u,i\n1,2\n1,x\n", r"column 'i': row 2 \(counted from 1, after the header\): .*'x'"),
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
    with pytest.raises(DataError, match="row 150000 "):
        read_csv(path)


def test_a_required_value_must_not_be_empty(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("u,i\na,b\n,c\n")
    with pytest.raises(DataError, match=r"ratings.csv: column 'u': row 2 .* is empty. Every row needs an id"):
        read_csv(path, required=["u"])


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"no gzip at all"])
def test_a_damaged_archive_is_named(tmp_path, damage):
    path = tmp_path / "ratings.csv.gz"
    rows = "".join(f"{row * 7919 % 1000},{row}\n" for row in range(5000))
    path.write_bytes(damage(gzip.compress(b"u,i\n" + rows.encode())))
    with pytest.raises(DataError, match=r"ratings.csv.gz: it is damaged or cut off .*copy it again"):
        read_csv(path)


def test_the_column_of_a_packed_file_is_named_too(tmp_path):
    path = tmp_path / "ratings.csv.gz"
    path.write_bytes(gzip.compress("\ufeffu;größe, i\n1;2\n1;x\n".encode()))
    with pytest.raises(DataError, match=r"ratings.csv.gz: column 'größe, i': row 2 "):
        read_csv(path, delimiter=";", column_types={"größe, i": pa.int64()})


def test_a_folder_is_no_csv_file(tmp_path):
    with pytest.raises(DataError, match=f"{tmp_path}: this is a folder, expected one CSV file"):
        read_csv(tmp_path)


@pytest.mark.parametrize(
    ("read", "used"), [(read_csv, "pyarrow.csv.read_csv"), (read_parquet, "pyarrow.parquet.read_table")]
)
def test_a_missing_permission_is_told(tmp_path, monkeypatch, read, used):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "ratings").write_text("u,i\n1,2\n")
    monkeypatch.setattr(used, refuse)
    with pytest.raises(DataError, match=r"ratings: there is no permission to read it"):
        read(tmp_path / "ratings")


def test_a_folder_without_parquet_is_told(tmp_path):
    with pytest.raises(DataError, match=f"{tmp_path}: this folder holds no Parquet file"):
        read_parquet(tmp_path)


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
