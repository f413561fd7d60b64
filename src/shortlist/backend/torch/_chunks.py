"""Work in chunks on PyTorch, as a Python loop."""

from collections.abc import Callable
from typing import Any

import torch
from keras import ops

from shortlist.backend._chunks import accelerator_chunk_bytes, cpu_chunk_bytes
from shortlist.typing import Tensor

__all__ = ["chunk_bytes", "scan_chunks"]


def chunk_bytes() -> int:
    device = ops.zeros(()).device  # where Keras puts tensors now
    if device.type == "cpu":
        return cpu_chunk_bytes()
    if device.type == "cuda":
        return accelerator_chunk_bytes(torch.cuda.get_device_properties(device).total_memory)
    return accelerator_chunk_bytes(None)


def scan_chunks(
    step: Callable[..., Any],
    carry: Any,
    rows: dict[str, Tensor],
    size: Tensor | int,
    dtypes: tuple[str, ...] = ("float32",),
    num_rows: Tensor | int | None = None,
) -> tuple[Any, tuple[Tensor, ...]]:
    del dtypes  # known from the outputs
    num_rows = next(iter(rows.values())).shape[0] if num_rows is None else int(num_rows)
    size = int(size)
    outputs = []
    for first in range(0, max(1, num_rows), size):  # an empty chunk gives outputs their shapes
        chunk = {name: part[first : min(first + size, num_rows)] for name, part in rows.items()}
        carry, part = step(carry, chunk, first)
        outputs.append(part)
    return carry, tuple(map(torch.cat, zip(*outputs, strict=True)))
