"""Encoded rows are made once, taken again while nothing has changed, and never left half-written."""

import gc
import resource
import tempfile

import numpy as np
import pytest
from tests.support.open_files import num_open_files

from shortlist.data.encoded import kept_rows
from shortlist.errors import DataError


class Encoding:
    """Gives rows, and counts how often it was asked for them."""

    def __init__(self, num_rows=10):
        self.num_rows, self.count = num_rows, 0

    def __call__(self):
        self.count += 1
        yield {"row": np.arange(self.num_rows)}
        yield {"row": np.arange(self.num_rows)}


def content(rows):
    return sorted(rows.in_order((0, 0))(0, len(rows))["row"].tolist())


def test_rows_of_the_same_facts_are_taken_again(tmp_path):
    encode = Encoding()
    first = kept_rows(tmp_path / "new" / "cache", {"files": [["a", 1]]}, encode)
    again = kept_rows(tmp_path / "new" / "cache", {"files": [["a", 1]]}, encode)
    assert encode.count == 1
    assert content(first) == content(again) == sorted([*range(10), *range(10)])
    assert len(kept_rows(tmp_path / "new" / "cache", {"a": 1, "b": 2}, encode)) == 20
    assert len(kept_rows(tmp_path / "new" / "cache", {"b": 2, "a": 1}, encode)) == 20
    assert encode.count == 2
    other = kept_rows(tmp_path / "new" / "cache", {"files": [["a", 2]]}, Encoding(3))
    assert len(other) == 6
    assert len(list((tmp_path / "new" / "cache").iterdir())) == 3


def test_a_damaged_cache_is_made_again_and_a_deleted_one_is_read_on(tmp_path):
    encode = Encoding()
    rows = kept_rows(tmp_path, {}, encode)
    (place,) = tmp_path.iterdir()
    (place / "rows.bin").write_bytes(b"")
    rows = kept_rows(tmp_path, {}, encode)
    assert encode.count == 2
    for file in place.iterdir():
        file.unlink()
    assert len(content(rows)) == 20


def test_without_a_folder_nothing_stays(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    rows = kept_rows(None, {}, Encoding())
    assert list(tmp_path.iterdir()) == []
    assert len(content(rows)) == 20
    assert num_open_files(tmp_path) > 0
    del rows
    gc.collect()
    assert num_open_files(tmp_path) == 0


@pytest.mark.parametrize("in_cache", [True, False])
def test_nothing_half_written_stays_when_reading_fails(tmp_path, monkeypatch, in_cache):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def encode():
        yield {"row": np.arange(10)}
        raise DataError("a.csv: row 11 is bad")

    with pytest.raises(DataError, match=r"^a.csv: row 11 is bad$"):
        kept_rows(tmp_path if in_cache else None, {}, encode)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("in_cache", [True, False])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path, monkeypatch, in_cache):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))  # files end at 100 bytes
    try:
        with pytest.raises(DataError, match=r"must be writable .*Free space .*cache="):
            kept_rows(tmp_path if in_cache else None, {}, Encoding())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_is_no_folder_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="file.* must be writable"):
        kept_rows(tmp_path / "file", {}, Encoding())
