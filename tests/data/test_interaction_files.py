"""Files of interactions: what `Interactions` checks is checked here, and the file and the row are named."""

import os
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from shortlist.data import CsvFormat, InteractionFiles
from shortlist.errors import DataError, FeatureError

GOOD = {"u": ["ann", "bob"], "i": [7, 2**40], "r": [4.0, 1.0], "t": [10, 20], "age": [30, 41]}
ROLES = {"user": "u", "item": "i", "rating": "r", "timestamp": "t"}


def write(folder, name, **changes):
    pq.write_table(pa.table(GOOD | changes), folder / name)


def rows(parts):
    return pa.concat_tables(parts).to_pylist()


def test_all_rows_in_the_order_of_the_files(tmp_path):
    write(tmp_path, "b.parquet", age=[1, 2])
    write(tmp_path, "a.parquet")
    files = InteractionFiles(tmp_path, **ROLES)
    assert files.column_names == list(GOOD)
    found = rows(files.parts(["age"]))
    assert [row["age"] for row in found] == [30, 41, 1, 2]
    assert [row["i"] for row in found] == [7, 2**40] * 2
    assert list(rows(InteractionFiles(tmp_path, user="u", item="i").parts())[0]) == ["u", "i"]


def test_ids_are_brought_to_their_kinds_and_files_without_rows_do_no_harm(tmp_path):
    write(tmp_path, "a.parquet", u=pa.array([], pa.int64()), i=pa.array([], pa.int64()), r=[], t=[], age=[])
    write(tmp_path, "b.parquet", i=pa.array([7, 8], pa.int8()))
    write(
        tmp_path, "c.parquet", u=pa.array(["ann", "bob"]).dictionary_encode(), i=pa.array([9, 9], pa.uint32())
    )
    found = pa.concat_tables(InteractionFiles(tmp_path, **ROLES).parts())
    assert found["i"].to_pylist() == [7, 8, 9, 9]
    assert found.schema.field("i").type == pa.int64()
    assert found["u"].to_pylist() == ["ann", "bob"] * 2


def test_csv_and_parquet_give_the_same_rows(tmp_path):
    write(tmp_path, "a.parquet", i=["7", "8"])
    pa_csv.write_csv(pq.read_table(tmp_path / "a.parquet"), tmp_path / "a.csv")
    one, other = (
        rows(InteractionFiles(tmp_path / f"a.{kind}", **ROLES).parts()) for kind in ("csv", "parquet")
    )
    assert one == other
    numbers = InteractionFiles(tmp_path / "a.csv", user="u", item="i", csv=CsvFormat(id_type="int64"))
    with pytest.raises(DataError, match=r"a.csv: column 'u' must hold integers, got 'ann' in row 1 "):
        list(numbers.parts())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"u": ["ann", None]},
            r"b.parquet: column 'u' must hold an id .* got 1 missing ids, the first in row 2 \(counted",
        ),
        (
            {"u": [1.0, 2.0]},
            "b.parquet: column 'u' must hold one id per row, text, bytes or integers, got floating",
        ),
        ({"u": [1, 2]}, "b.parquet: column 'u' must hold str ids, as in the previous files, got int64"),
        ({"r": [1.0, np.nan]}, r"b.parquet: column 'r' must hold finite values, got nan in row 2 "),
        ({"r": [1.0, np.inf]}, r"b.parquet: column 'r' must hold finite values, got inf in row 2 "),
        ({"r": ["1", "2"]}, "b.parquet: column 'r' must hold ratings that are numbers, got text"),
        ({"t": [None, 1]}, r"b.parquet: column 't' must hold finite values, got none in row 1 "),
    ],
)
def test_a_bad_value_is_refused_with_its_file_and_row(tmp_path, changes, message):
    write(tmp_path, "a.parquet")
    write(tmp_path, "b.parquet", **changes)
    with pytest.raises(DataError, match=message):
        list(InteractionFiles(tmp_path, **ROLES).parts())


def test_a_bad_row_is_counted_from_the_beginning_of_its_file(tmp_path):
    num_rows = 200_000
    ids = pa.array([1] * (num_rows - 1) + [None], pa.int64())
    pq.write_table(pa.table({"u": ids, "i": np.arange(num_rows)}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=f"the first in row {num_rows} "):
        list(InteractionFiles(tmp_path, user="u", item="i").parts())


def test_columns_are_checked_at_once_in_the_first_file_and_while_reading_in_the_others(tmp_path):
    write(tmp_path, "b.parquet")
    pq.write_table(pa.table({"u": ["ann"], "i": [3]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="a.parquet: the data must have the column 'r'"):
        InteractionFiles(tmp_path, **ROLES)
    with pytest.raises(DataError, match="each role must have a column of its own"):
        InteractionFiles(tmp_path, user="u", item="u")
    files = InteractionFiles([tmp_path / "b.parquet", tmp_path / "a.parquet"], user="u", item="i")
    with pytest.raises(DataError, match="a.parquet: the data must have the column 'age'"):
        list(files.parts(["age"]))


def test_files_without_any_row_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("u,i\n")
    with pytest.raises(
        DataError, match="the files must hold at least one interaction, got no rows in .*a.csv"
    ):
        list(InteractionFiles(tmp_path, user="u", item="i").parts())


@pytest.mark.parametrize("kind", [DataError, FeatureError])
def test_what_a_function_raises_names_file_and_rows(tmp_path, kind):
    write(tmp_path, "a.parquet")

    def fail(part):
        raise kind("row 1 is bad")

    expected = r"a.parquet, in 2 rows from row 1 \(counted from 1, .*, called row 0 below: row 1 is bad"
    with pytest.raises(kind, match=expected):
        list(InteractionFiles(tmp_path, **ROLES).map(fail))


def test_the_state_tells_a_changed_file(tmp_path):
    write(tmp_path, "a.parquet")
    write(tmp_path, "b.parquet")
    files = InteractionFiles(tmp_path, **ROLES)
    before = files.state()
    assert files.state() == before
    os.utime(tmp_path / "b.parquet", ns=(1, 1))
    assert files.state() != before
    pathlib.Path(tmp_path / "b.parquet").unlink()
    with pytest.raises(DataError, match=r"file .*b.parquet must exist"):
        files.state()


def test_no_bar_where_nobody_watches(tmp_path, capsys):
    write(tmp_path, "a.parquet")
    list(InteractionFiles(tmp_path, **ROLES).map(len, progress="counting"))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_memory_stays_bounded(tmp_path, run_python, kind):
    """Reads 400 MB in a process that may grow by 100 MB; what Arrow needs to begin with was needed before."""
    table = pa.table({name: np.arange(500_000) % 10 for name in ("u", "i", "r", "t")})
    write = pq.write_table if kind == "parquet" else pa_csv.write_csv
    for folder, num_rows in (("few", 100_000), ("many", 500_000)):
        (tmp_path / folder).mkdir()
        write(table.slice(0, num_rows), tmp_path / folder / f"0.{kind}")
    for number in range(1, 25):
        os.link(tmp_path / "many" / f"0.{kind}", tmp_path / "many" / f"{number}.{kind}")
    grown = run_python("""
import re
from pathlib import Path
from shortlist.data import CsvFormat, InteractionFiles

def read(folder):
    roles = {"user": "u", "item": "i", "rating": "r", "timestamp": "t"}
    files = InteractionFiles(folder, **roles, csv=CsvFormat(id_type="int64"))
    assert sum(files.map(len)) in (100_000, 12_500_000)
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

print(-read("few") + read("many"))
""")
    assert float(grown) < 100
