"""Chunks are even, fit the cache, and hold at least one row."""

import keras
import pytest

from shortlist.ops.chunk_size import rows_a_chunk

MODULE = __import__("shortlist.ops.chunk_size", fromlist=["rows_a_chunk"])


@pytest.mark.parametrize(
    ("num_rows", "num_columns", "expected"),
    [(10, 10, 10), (100, 10, 15), (16, 10, 16), (17, 10, 9), (5, 1000, 1), (0, 10, 1), (5, 0, 5)],
)
def test_even_chunks_of_at_most_half_the_cache(
    num_rows: int, num_columns: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(MODULE, "_cache_bytes", lambda: 16 * 10 * 4 * 2)  # half of it: 16 rows of 10 numbers
    assert rows_a_chunk(num_rows, num_columns) == expected
    tensors = map(keras.ops.convert_to_tensor, (num_rows, num_columns))
    assert int(rows_a_chunk(*tensors)) == expected


def test_a_system_that_does_not_tell_its_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(MODULE.os, "sysconf", refuse)
    assert rows_a_chunk(4096, 4096) == 512
