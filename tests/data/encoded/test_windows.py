import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.data.encoded._record_file import RecordFile
from shortlist.data.encoded._windows import Windows
from shortlist.errors import ArtifactError


def file_of(num_rows, folder):
    file = RecordFile(Path(folder, "file"), np.dtype("int64"), writable=True)
    file.write(0, np.arange(num_rows))
    return file


def order(file, batch_size, **options):
    windows = Windows(file, **options)
    starts = range(0, len(file), batch_size)
    batches = [windows.rows(start, min(start + batch_size, len(file))) for start in starts]
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    return np.concatenate(batches).tolist()


@given(
    num_rows=st.integers(1, 100),
    block_rows=st.integers(1, 20),
    window_blocks=st.integers(1, 8),
    batch_size=st.integers(1, 120),
    seed=st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_each_row_once_in_an_order_that_batches_do_not_decide(
    num_rows, block_rows, window_blocks, batch_size, seed
):
    with tempfile.TemporaryDirectory() as folder:
        file = file_of(num_rows, folder)
        options = {"block_rows": block_rows, "window_blocks": window_blocks, "seed": seed}
        found = order(file, batch_size, **options)
        assert sorted(found) == list(range(num_rows))
        assert found == order(file, num_rows, **options)
        if seed is None:
            assert found == list(range(num_rows))


def test_seeds_differ_and_blocks_and_rows_are_mixed(tmp_path):
    file, options = file_of(1000, tmp_path), {"block_rows": 10, "window_blocks": 5}
    orders = {tuple(order(file, 64, seed=(0, epoch), **options)) for epoch in range(5)}
    assert len(orders) == 5
    for found in orders:
        window = np.array(found[:50])
        assert len(set(window // 10)) == 5  # five whole blocks
        assert (np.diff(window // 10) != 0).sum() > 20  # with rows of all five in turn; 4 were they apart
        assert window.max() - window.min() > 100  # of all over the file, save once in 10^4


def test_rows_are_found_in_any_order_of_asking(tmp_path):
    file = file_of(200, tmp_path)
    options = {"block_rows": 7, "window_blocks": 3, "seed": (1,)}
    expected, windows = np.array(order(file, 200, **options)), Windows(file, **options)
    for start in (150, 0, 90, 91, 20, 190):
        np.testing.assert_array_equal(windows.rows(start, start + 10), expected[start : start + 10])


def test_a_file_that_was_cut_off_meanwhile_is_told(tmp_path):
    file = file_of(100, tmp_path)
    windows = Windows(file, block_rows=10, window_blocks=2, seed=None)
    (tmp_path / "file").write_bytes(b"cut off")
    with pytest.raises(ArtifactError, match="must hold .* more bytes after byte .*cut off"):
        windows.rows(0, 10)
