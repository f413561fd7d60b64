"""Tables converted in chunks, saved and loaded."""

from pathlib import Path

import numpy as np
import pytest

from shortlist.backend import host_array
from shortlist.search import _tables as tables
from shortlist.search._tables import as_table, load_table, rows_at_once, save_table

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("dtype", ["float32", "int8"])
def test_written_and_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dtype: str) -> None:
    monkeypatch.setattr(tables, "_BYTES_AT_ONCE", 100)
    array = np.random.default_rng(0).integers(-9, 9, (37, 3)).astype(dtype)
    table = as_table(array)
    np.testing.assert_array_equal(host_array(table), array)
    save_table(table, tmp_path / "table.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "table.npy"), array)
    np.testing.assert_array_equal(host_array(load_table(tmp_path / "table.npy")), array)


def test_rows_at_once_are_eight_mebibytes_whatever_the_size_of_the_table() -> None:
    assert rows_at_once((10**9, 64), "float32") * 4 * 64 == 2**23
    assert rows_at_once((4000, 313, 64), "int8") == 2**23 // (313 * 64)
    assert rows_at_once((3, 2**30), "float32") == 1
    assert rows_at_once((7, 0), "float32") == 2**23
