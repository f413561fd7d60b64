"""Chunks are even, fit the cache, and hold at least one row."""

from pathlib import Path

import keras
import pytest

from shortlist.ops._chunk_size import rows_per_chunk

MODULE = __import__("shortlist.ops._chunk_size", fromlist=["rows_per_chunk"])


@pytest.mark.parametrize(
    ("num_rows", "num_columns", "expected"),
    [(10, 10, 10), (100, 10, 15), (16, 10, 16), (17, 10, 9), (5, 1000, 1), (0, 10, 1), (5, 0, 5)],
)
def test_even_chunks_of_at_most_half_the_cache(
    num_rows: int, num_columns: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "_cache_bytes", lambda: 16 * 10 * 4 * 2)  # half of it: 16 rows of 10 numbers
    assert rows_per_chunk(num_rows, num_columns) == expected
    tensors = map(keras.ops.convert_to_tensor, (num_rows, num_columns))
    assert int(rows_per_chunk(*tensors)) == expected


def test_a_chunk_is_less_than_what_malloc_takes_from_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULE, "_cache_bytes", lambda: 2**30)
    num_bytes = 4 * 1000 * rows_per_chunk(10**6, 1000)
    assert 30 * 2**20 < num_bytes < 32 * 2**20


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        (["32K", "512K", "1024K"], 2**20),
        (["64K", "4M"], 4 * 2**20),
        ([], 16 * 2**20),
        (["none"], 16 * 2**20),
        (["7"], 16 * 2**20),
    ],
)
def test_the_largest_cache(
    sizes: list[str], expected: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, size in enumerate(sizes):
        (tmp_path / f"index{number}").mkdir()
        (tmp_path / f"index{number}" / "size").write_text(f"{size}\n")
    monkeypatch.setattr(MODULE, "_CACHES", tmp_path)
    assert MODULE._cache_bytes.__wrapped__() == expected
