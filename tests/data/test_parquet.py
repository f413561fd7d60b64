"""Files in parts: the same rows as when read whole, in bounded parts, with failures that are named."""

import gzip

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shortlist.data._streams import csv_columns, parquet_columns, stream_csv, stream_parquet

from shortlist.errors import DataError

NUM_ROWS = 150_000


def whole(parts):
    return pa.concat_tables(parts)


def test_parquet_comes_in_parts_of_few_rows_and_bytes(tmp_path):
    path, generator = tmp_path / "a.parquet", np.random.default_rng(0)
    table = pa.table({"n": np.arange(NUM_ROWS), "x": generator.normal(size=NUM_ROWS)})
    pq.write_table(table, path)
    assert parquet_columns(path) == ["n", "x"]
    parts = list(stream_parquet(path, ["x", "n"]))
    assert max(part.num_rows for part in parts) <= 2**16
    assert whole(parts).equals(table.select(["x", "n"]))


def test_wide_rows_come_in_parts_of_some_megabytes(tmp_path):
    path, generator = tmp_path / "a.parquet", np.random.default_rng(0)
    table = pa.table({"text": [generator.bytes(5000) for _ in range(4000)]})
    pq.write_table(table, path)
    parts = list(stream_parquet(path, ["text"]))
    assert max(part.nbytes for part in parts) < 8 * 2**20
    assert whole(parts).equals(table)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_csv_comes_in_parts_with_the_types_given(tmp_path, name):
    text = "id,n,skipped\n" + "".join(f"{row:07},{row},{'x' * 10}\n" for row in range(NUM_ROWS))
    (tmp_path / name).write_bytes(gzip.compress(text.encode(), 1) if name.endswith("gz") else text.encode())
    assert csv_columns(tmp_path / name, ",") == ["id", "n", "skipped"]
    types = {"id": pa.string(), "elsewhere": pa.int8()}
    parts = list(stream_csv(tmp_path / name, ["n", "id"], delimiter=",", column_types=types, required=["id"]))
    assert len(parts) > 2
    expected = {"n": list(range(NUM_ROWS)), "id": [f"{row:07}" for row in range(NUM_ROWS)]}
    assert whole(parts).to_pydict() == expected


@pytest.mark.parametrize(
    ("last_row", "message"),
    [
        ("1,x", r"column 'n': row 150001 \(counted from 1, after the header\): .*'x'"),
        ("1", r".*row 150001 \(counted from 1, after the header\): Expected 2 columns, got 1"),
        (",5", r"column 'id': row 150001 \(counted from 1, after the header\) is empty"),
        ("1,2.5", r"column 'n': row 150001 .*expected integers.*column_types"),
    ],
)
def test_a_bad_row_of_a_csv_file_is_named_however_far_down(tmp_path, last_row, message):
    path = tmp_path / "log.csv"
    path.write_text("id,n\n" + "0000007,1\n" * NUM_ROWS + last_row + "\n")
    with pytest.raises(DataError, match=f"log.csv: {message}"):
        for _ in stream_csv(
            path, ["n", "id"], delimiter=",", column_types={"id": pa.string()}, required=["id"]
        ):
            pass


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
    with pytest.raises(DataError, match="a.parquet: this is no whole Parquet file"):
        list(stream_parquet(path, ["n"]))


def test_a_csv_file_without_a_header_is_refused(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(DataError, match="a.csv: the file is empty"):
        csv_columns(tmp_path / "a.csv", ",")


def test_a_cut_off_gzip_is_named(tmp_path):
    path = tmp_path / "a.csv.gz"
    packed = gzip.compress(b"n\n1\n" + bytes(str(np.random.default_rng(0).bytes(10**5)), "utf8"))
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=r"a.csv.gz: "):
        list(stream_csv(path, ["n"], delimiter=",", column_types={}))
