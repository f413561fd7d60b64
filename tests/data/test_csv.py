"""CSV files, whole and in parts: types, and errors that name file, column and row."""

import gzip
import re

import numpy as np
import pyarrow as pa
import pytest

from shortlist.data import CsvFormat
from shortlist.data._csv import _message, csv_columns, read_csv, stream_csv
from shortlist.errors import ArgumentError, DataError

NUM_ROWS = 150_000


def test_types_of_the_columns_with_a_role_come_before_those_given():
    given = CsvFormat(column_types={"user": pa.int8(), "age": pa.float32()})
    assert given.types("user", "item", "stars") == {
        "user": pa.string(),
        "item": pa.string(),
        "stars": pa.float64(),
        "age": pa.float32(),
    }
    assert CsvFormat(id_type="int64").types("user", "item", None) == {"user": pa.int64(), "item": pa.int64()}


@pytest.mark.parametrize("options", [{"delimiter": ""}, {"delimiter": "::"}, {"id_type": "int"}])
def test_what_is_no_format_is_refused(options):
    with pytest.raises(ArgumentError, match=f"{next(iter(options))} must be "):
        CsvFormat(**options)


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
        (
            b"u,i\n1,2\n1,2,3\n",
            r"rows must be readable as CSV, got .*row 2 \(counted from 1, after the header\): Expected 2",
        ),
        (
            b"u,i\n1,2\n1,x\n",
            r"column 'i' must hold integers, got 'x' in row 2 \(counted from 1, after the header\)",
        ),
        (b"", "Empty CSV"),
        (b"u,i,name\n1,2,\xff\xfe\n", "column 'name' must be text in UTF-8"),
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
    with pytest.raises(
        DataError, match=r"ratings.csv: column 'u' must hold an id in every row, got an empty value in row 2 "
    ):
        read_csv(path, required=["u"])


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"no gzip at all"])
def test_a_damaged_archive_is_named(tmp_path, damage):
    path = tmp_path / "ratings.csv.gz"
    rows = "".join(f"{row * 7919 % 1000},{row}\n" for row in range(5000))
    path.write_bytes(damage(gzip.compress(b"u,i\n" + rows.encode())))
    with pytest.raises(
        DataError, match=r"ratings.csv.gz: the file must be a whole CSV file, got .*copy it again"
    ):
        read_csv(path)


def test_the_column_of_a_packed_file_is_named_too(tmp_path):
    path = tmp_path / "ratings.csv.gz"
    path.write_bytes(gzip.compress("\ufeffu;größe, i\n1;2\n1;x\n".encode()))
    with pytest.raises(
        DataError, match=r"ratings.csv.gz: column 'größe, i' must hold integers, got 'x' in row 2 "
    ):
        read_csv(path, delimiter=";", column_types={"größe, i": pa.int64()})


def test_a_folder_is_no_csv_file(tmp_path):
    with pytest.raises(DataError, match=f"{tmp_path} must be one CSV file, got a folder"):
        read_csv(tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_csv_comes_in_parts_with_the_types_given(tmp_path, name):
    text = "id,n,skipped\n" + "".join(f"{row:07},{row},{'x' * 10}\n" for row in range(NUM_ROWS))
    (tmp_path / name).write_bytes(gzip.compress(text.encode(), 1) if name.endswith("gz") else text.encode())
    assert csv_columns(tmp_path / name, ",") == ["id", "n", "skipped"]
    types = {"id": pa.string(), "elsewhere": pa.int8()}
    parts = list(stream_csv(tmp_path / name, ["n", "id"], delimiter=",", column_types=types, required=["id"]))
    assert len(parts) > 2
    expected = {"n": list(range(NUM_ROWS)), "id": [f"{row:07}" for row in range(NUM_ROWS)]}
    assert pa.concat_tables(parts).to_pydict() == expected


@pytest.mark.parametrize(
    ("last_row", "message"),
    [
        ("1,x", r"column 'n' must hold integers, got 'x' in row 150001 \(counted from 1, after the header\)"),
        ("1", r"rows .*row 150001 \(counted from 1, after the header\): Expected 2 columns, got 1"),
        (",5", r"column 'id' must hold an id .* got an empty value in row 150001 \(counted from 1"),
        ("1,2.5", r"column 'n' must hold integers, got '2.5' in row 150001 .*column_types"),
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


def test_a_csv_file_without_a_header_is_refused(tmp_path):
    (tmp_path / "a.csv").touch()
    with pytest.raises(DataError, match="a.csv: the file must have a header and rows, got an empty file"):
        csv_columns(tmp_path / "a.csv", ",")


def test_a_cut_off_gzip_is_named(tmp_path):
    path = tmp_path / "a.csv.gz"
    packed = gzip.compress(b"n\n1\n" + bytes(str(np.random.default_rng(0).bytes(10**5)), "utf8"))
    path.write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError, match=r"a.csv.gz: "):
        list(stream_csv(path, ["n"], delimiter=",", column_types={}))


@pytest.mark.parametrize(
    ("arrow", "ours"),
    [
        ("In CSV column #1: Row #3: bad 'x'", "column 'b' must .* row 2 \\(counted .*bad 'x'"),
        ("In CSV column #0: bad 'In CSV column #1'", "column 'a' must .*"),
        ("CSV parse error: Row #2: Expected 2", "rows must .*CSV parse error: row 1 \\(counted"),
        (
            "In CSV column #1: CSV conversion error to double: invalid value 'it's'",
            "column 'b' must hold floating point numbers, got 'it's'",
        ),
        ("Empty CSV file", "rows must be readable as CSV, got Empty CSV file. Fix it."),
    ],
)
def test_columns_have_names_and_rows_are_counted_after_the_header(tmp_path, arrow, ours):
    path = tmp_path / "r.csv"
    path.write_text("a,b\n1,2\n3,x\n")
    assert re.match(ours, _message(ValueError(arrow), path, ",", "Fix it"))
