"""Rows on the disk: all there, mixed, in little memory, and refused when they are not whole."""

import json

import numpy as np
import pytest

from shortlist.data.encoded import StoredRows
from shortlist.errors import ArtifactError

NUM_ROWS = 50_000


def parts(num_rows=NUM_ROWS, size=7_000):
    for start in range(0, num_rows, size):
        rows = np.arange(start, min(start + size, num_rows), dtype="int64")
        yield {"row": rows, "wide": np.stack([rows, -rows, rows**2, 0 * rows], axis=1).astype("float32")}


@pytest.fixture
def folder(tmp_path):
    StoredRows.write(tmp_path, parts())
    return tmp_path


@pytest.mark.parametrize("seed", [None, (3, 0), (3, 1)])
def test_each_row_once_with_all_its_columns(folder, seed):
    rows = StoredRows(folder)
    assert len(rows) == NUM_ROWS
    take = rows.in_order(seed)
    batches = [take(start, min(start + 999, NUM_ROWS)) for start in range(0, NUM_ROWS, 999)]
    found = {name: np.concatenate([batch[name] for batch in batches]) for name in ("row", "wide")}
    np.testing.assert_array_equal(np.sort(found["row"]), np.arange(NUM_ROWS))
    np.testing.assert_array_equal(found["wide"][:, 2], (found["row"] ** 2).astype("float32"))
    assert found["wide"].dtype == "float32"
    # Whatever the order of the source, a batch holds rows of all of it.
    assert abs(batches[0]["row"].mean() - NUM_ROWS / 2) < 5 * NUM_ROWS / np.sqrt(12 * 999)


def test_the_order_does_not_depend_on_how_the_rows_came(folder, tmp_path):
    (tmp_path / "other").mkdir()
    StoredRows.write(tmp_path / "other", parts(size=333))
    one, other = (StoredRows(place).in_order((1, 1))(0, 500) for place in (folder, tmp_path / "other"))
    np.testing.assert_array_equal(one["row"], other["row"])


def test_only_what_is_needed_stays_on_the_disk(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["rows.bin", "rows.json"]
    assert (folder / "rows.bin").stat().st_size == NUM_ROWS * (8 + 4 * 4)


def cut_rows(folder):
    content = (folder / "rows.bin").read_bytes()
    (folder / "rows.bin").write_bytes(content[:-1])


def other_version(folder):
    facts = json.loads((folder / "rows.json").read_text())
    (folder / "rows.json").write_text(json.dumps(facts | {"format": "encoded rows 9"}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_rows, "rows.bin must hold 50000 rows, got 49999"),
        (other_version, "Another version wrote it"),
        (lambda folder: (folder / "rows.json").write_text("{"), "must be readable encoded rows"),
        (lambda folder: (folder / "rows.json").unlink(), "must be readable encoded rows"),
        (lambda folder: (folder / "rows.bin").unlink(), "rows.bin must be readable"),
    ],
)
def test_what_is_not_whole_is_refused(folder, damage, message):
    damage(folder)
    with pytest.raises(ArtifactError, match=message):
        StoredRows(folder)


def test_memory_stays_bounded(run_python):
    """Writes and reads 400 MB in a process that may grow by 100 MB, of which NumPy and Arrow are no part."""
    grown = run_python("""
import re, tempfile
from pathlib import Path
import numpy as np
from shortlist.data.encoded import StoredRows

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024

before = peak()
parts = ({"row": np.arange(20_000), "wide": np.zeros((20_000, 72), "int8")} for _ in range(250))
with tempfile.TemporaryDirectory() as folder:
    StoredRows.write(Path(folder), parts)
    rows = StoredRows(Path(folder))
    take, num_rows = rows.in_order((0, 0)), 0
    for start in range(0, len(rows), 4096):
        num_rows += len(take(start, min(start + 4096, len(rows)))["row"])
assert num_rows == 5_000_000, num_rows
print(peak() - before)
""")
    assert float(grown) < 100
