"""Chunks are even, fit the device, and hold at least one row."""

from pathlib import Path
from types import SimpleNamespace

import keras
import pytest

from shortlist import backend
from shortlist.backend import _chunks as module

pytestmark = pytest.mark.contract
GIB = 2**30


@pytest.mark.parametrize(
    ("num_rows", "num_columns", "expected"),
    [(10, 10, 10), (100, 10, 15), (16, 10, 16), (17, 10, 9), (5, 1000, 1), (0, 10, 1), (5, 0, 5)],
)
def test_chunks_are_even_and_fit(
    num_rows: int, num_columns: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backend, "chunk_bytes", lambda: 16 * 10 * 4)  # 16 rows of 10 numbers
    assert backend.rows_per_chunk(num_rows, num_columns) == expected
    tensors = map(keras.ops.convert_to_tensor, (num_rows, num_columns))
    assert int(backend.rows_per_chunk(*tensors)) == expected


@pytest.mark.parametrize(("cache", "expected"), [(2**20, 2**19), (62 * 2**20, 31 * 2**20), (GIB, 31 * 2**20)])
def test_a_cpu_takes_half_of_its_cache_below_the_threshold_of_malloc(
    cache: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_cache_bytes", lambda: cache)
    assert backend.chunk_bytes() == expected


def on_accelerator(total_memory: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the backend see a GPU with that much memory."""
    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: ["GPU:0"] * (kind == "GPU"))
    elif keras.config.backend() == "jax":
        import jax

        stats = None if total_memory is None else {"bytes_in_use": GIB, "bytes_limit": total_memory}
        gpu = SimpleNamespace(platform="gpu", memory_stats=lambda: stats)
        monkeypatch.setattr(jax, "local_devices", lambda: [gpu])
    else:
        import torch

        device = SimpleNamespace(type="mps" if total_memory is None else "cuda")
        chunks = __import__("shortlist.backend.torch._chunks", fromlist=["ops"])
        monkeypatch.setattr(chunks, "ops", SimpleNamespace(zeros=lambda _: SimpleNamespace(device=device)))
        properties = {id(device): SimpleNamespace(total_memory=total_memory)}
        monkeypatch.setattr(torch.cuda, "get_device_properties", lambda one: properties[id(one)])


@pytest.mark.parametrize(("total_memory", "expected"), [(8 * GIB, GIB // 4), (1024 * GIB, 4 * GIB)])
def test_a_gpu_takes_a_share_of_its_own_memory(
    total_memory: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_accelerator(total_memory, monkeypatch)
    tells_memory = keras.config.backend() != "tensorflow"
    assert backend.chunk_bytes() == (expected if tells_memory else GIB // 2)
    if tells_memory:
        assert backend.rows_per_chunk(2**20, 2**16) == expected // 4 // 2**16


def test_a_device_that_does_not_tell_its_memory_counts_as_one_of_16_gib(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_accelerator(None, monkeypatch)
    assert backend.chunk_bytes() == GIB // 2


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
    monkeypatch.setattr(module, "_CACHES", tmp_path)
    assert module._cache_bytes.__wrapped__() == expected
