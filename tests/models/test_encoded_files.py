"""Files encoded once: the numbers are those of the table, and a cache is taken only when nothing changed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shortlist.data import InteractionFiles
from shortlist.data.encoded import StoredRows
from shortlist.errors import DataError, FeatureError
from shortlist.features import Categories, Category, Number
from shortlist.models import _encoded_files as encoded_files
from shortlist.models._encoded_files import encode, encode_files

TABLE = pa.table(
    {
        "u": ["ann", "bob", "eve", "ann", "bob"],
        "i": [1, 2, 3, 3, 9],
        "tags": [["a"], ["b", "a"], [], ["c"], ["z"]],
        "age": [30.0, 20.0, 50.0, 31.0, 32.0],
        "weight": [1.0, 2.0, 0.5, 1.0, 1.0],
    }
)
COLUMNS = [
    Category("u").fit(["ann", "bob"]),
    Category("i").fit([3, 2, 1]),
    Categories("tags").fit([["a", "b"], ["c"]]),
    Number("age").fit([20.0, 40.0]),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "events").mkdir()
    pq.write_table(TABLE.slice(0, 3), tmp_path / "events" / "a.parquet")
    pq.write_table(TABLE.slice(3), tmp_path / "events" / "b.parquet")
    return tmp_path


def events(folder: Path, **options: Any) -> InteractionFiles:
    return InteractionFiles(folder / "events", user="u", item="i", **options)


def rows_of(arrays: dict[str, np.ndarray]) -> list[tuple[Any, ...]]:
    return sorted(zip(*(array.tolist() for array in arrays.values()), strict=True), key=str)


def content(rows: StoredRows) -> list[tuple[Any, ...]]:
    return rows_of(rows.in_order((0, 0))(0, len(rows)))


@pytest.mark.contract
def test_encoded_files_hold_the_rows_of_the_encoded_table(folder: Path) -> None:
    arrays = encode(COLUMNS, TABLE, "weight")
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        "u": "int32",
        "i": "int32",
        "tags": "int32",
        "age": "float32",
        "weight": "float32",
    }
    assert content(encode_files(COLUMNS, events(folder), "weight")) == rows_of(arrays)


def test_weights_may_be_absent_and_must_be_numbers(folder: Path) -> None:
    assert "other" not in encode(COLUMNS, TABLE, "other")
    weights = pa.array([1.0, None, 1.0, 1.0, 1.0])
    with pytest.raises(FeatureError, match="column 'weight': rows must have a value, got none in row 1"):
        encode(COLUMNS, TABLE.set_column(4, "weight", weights), "weight")


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How often a part was encoded."""
    calls = []
    real = encoded_files.encode
    monkeypatch.setattr(encoded_files, "encode", lambda *args: calls.append(args) or real(*args))
    return lambda: len(calls)


def test_a_cache_is_taken_again_after_the_files_are_gone_from_memory_only(
    folder: Path, count: Callable[[], int]
) -> None:
    first = content(encode_files(COLUMNS, events(folder, cache=folder / "cache"), "weight"))
    assert count() == 2
    again = content(encode_files(list(COLUMNS), events(folder, cache=folder / "cache"), "weight"))
    assert (count(), again) == (2, first)


def touch(folder: Path) -> None:
    os.utime(folder / "events" / "a.parquet", ns=(1, 1))


def add_a_file(folder: Path) -> None:
    pq.write_table(TABLE, folder / "events" / "c.parquet")


@pytest.mark.parametrize("change", [touch, add_a_file])
def test_changed_files_are_encoded_again(
    folder: Path, count: Callable[[], int], change: Callable[[Path], None]
) -> None:
    encode_files(COLUMNS, events(folder, cache=folder / "cache"), "weight")
    change(folder)
    encode_files(COLUMNS, events(folder, cache=folder / "cache"), "weight")
    assert count() > 2


@pytest.mark.parametrize("place", range(4))
def test_columns_that_learned_something_else_encode_again(
    folder: Path, count: Callable[[], int], place: int
) -> None:
    others = [Category("u").fit(["bob", "ann"]), Category("i").fit([1, 2, 3])]
    others += [Categories("tags").fit([["a", "b"], ["d"]]), Number("age").fit([20.0, 41.0])]
    encode_files(COLUMNS, events(folder, cache=folder / "cache"), "weight")
    changed = [*COLUMNS[:place], others[place], *COLUMNS[place + 1 :]]
    found = encode_files(changed, events(folder, cache=folder / "cache"), "weight")
    assert count() == 4
    assert content(found) == rows_of(encode(changed, TABLE, "weight"))


def test_files_that_change_while_they_are_read_are_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = encoded_files.encode
    monkeypatch.setattr(encoded_files, "encode", lambda *args: touch(folder) or real(*args))
    with pytest.raises(DataError, match="must stay unchanged while they are read"):
        encode_files(COLUMNS, events(folder, cache=folder / "cache"), "weight")
    assert list((folder / "cache").iterdir()) == []


def test_a_value_that_does_not_fit_is_named_with_its_file(folder: Path) -> None:
    pq.write_table(TABLE.set_column(3, "age", pa.array(["x"] * 5)), folder / "events" / "c.parquet")
    with pytest.raises(
        FeatureError,
        match=r"c.parquet, in 5 rows .*: column 'age': values must be integers, floats or times, got str",
    ):
        encode_files(COLUMNS, events(folder), "weight")
