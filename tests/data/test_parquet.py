"""Parquet files, whole and in parts, and errors that name the file."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shortlist.data._csv import read_csv
from shortlist.data._parquet import parquet_columns, read_parquet, stream_parquet
from shortlist.errors import DataError

COLUMNS = {"user": ["ann", "bob"], "item": [3, 2**40], "rating": [4.5, 1.0]}
NUM_ROWS = 150_000


def test_a_folder_without_parquet_is_told(tmp_path):
    with pytest.raises(DataError, match=f"{tmp_path}: the folder must hold Parquet files"):
        read_parquet(tmp_path)


def test_parquet_is_read(tmp_path):
    pq.write_table(pa.table(COLUMNS), tmp_path / "r.parquet")
    assert read_parquet(tmp_path / "r.parquet").to_pydict() == COLUMNS


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_truncated_parquet_is_refused_with_its_file(tmp_path, share):
    path = tmp_path / "r.parquet"
    pq.write_table(pa.table({"x": np.arange(1000)}), path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(DataError, match=r"r.parquet: the file must be a whole Parquet file"):
        read_parquet(path)


@pytest.mark.parametrize(
    ("read", "used"), [(read_csv, "pyarrow.csv.read_csv"), (read_parquet, "pyarrow.parquet.read_table")]
)
def test_a_missing_permission_is_told(tmp_path, monkeypatch, read, used):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "ratings").write_text("u,i\n1,2\n")
    monkeypatch.setattr(used, refuse)
    with pytest.raises(DataError, match=r"ratings: the file must be readable, got .*Ask its owner"):
        read(tmp_path / "ratings")


@pytest.mark.parametrize("read", [read_csv, read_parquet])
def test_a_missing_file_is_named(tmp_path, read):
    with pytest.raises(DataError, match=r"file .*nowhere must exist, got nothing at /"):
        read(tmp_path / "nowhere")


def test_parquet_comes_in_parts_of_few_rows_and_bytes(tmp_path):
    path, generator = tmp_path / "a.parquet", np.random.default_rng(0)
    table = pa.table({"n": np.arange(NUM_ROWS), "x": generator.normal(size=NUM_ROWS)})
    pq.write_table(table, path)
    assert parquet_columns(path) == ["n", "x"]
    parts = list(stream_parquet(path, ["x", "n"]))
    assert max(part.num_rows for part in parts) <= 2**16
    assert pa.concat_tables(parts).equals(table.select(["x", "n"]))


def test_wide_rows_come_in_parts_of_some_megabytes(tmp_path):
    path, generator = tmp_path / "a.parquet", np.random.default_rng(0)
    table = pa.table({"text": [generator.bytes(5000) for _ in range(4000)]})
    pq.write_table(table, path)
    parts = list(stream_parquet(path, ["text"]))
    assert max(part.nbytes for part in parts) < 8 * 2**20
    assert pa.concat_tables(parts).equals(table)


@pytest.mark.parametrize("read", [parquet_columns, lambda path: list(stream_parquet(path, ["n"]))])
@pytest.mark.parametrize("damage", ["cut off", "no Parquet", "gone"])
def test_a_damaged_parquet_file_is_named(tmp_path, read, damage):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"n": np.arange(NUM_ROWS)}), path)
    content = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[:-100] if damage == "cut off" else b"hello")
    with pytest.raises(DataError, match=r"a.parquet"):
        read(path)


def test_a_page_that_is_damaged_is_named(tmp_path):
    path = tmp_path / "a.parquet"
    pq.write_table(
        pa.table({"n": np.random.default_rng(0).normal(size=NUM_ROWS)}), path, write_page_checksum=True
    )
    content = bytearray(path.read_bytes())
    content[1000:50_000] = bytes(49_000)
    path.write_bytes(content)
    with pytest.raises(DataError, match="a.parquet: the file must be a whole Parquet file"):
        list(stream_parquet(path, ["n"]))
