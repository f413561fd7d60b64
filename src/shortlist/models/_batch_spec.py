"""Structure of a batch as text, and a batch of zeros with that structure."""

import json
from typing import Any

import keras
import numpy as np

__all__ = ["batch_like", "spec_of"]


def spec_of(batch: Any) -> str:
    """Return the structure of a batch as JSON, with the dtype and shape of each array.

    Args:
        batch: Arrays or tensors in dicts, lists and tuples.

    Example:
        >>> spec_of({"user": np.zeros((8, 3), "int32")})
        '{"user": "int32 8 3"}'
    """
    return json.dumps(_to_json(batch))


def batch_like(spec: str) -> Any:
    """Return a batch of one example that holds zeros or empty text.

    Args:
        spec: Output of `spec_of`.

    Example:
        >>> batch_like('{"user": "int32 8 3"}')["user"].shape[1]
        3
    """
    return _from_json(json.loads(spec))


def _to_json(batch: Any) -> Any:
    """Keep dicts, mark lists and tuples by their type in front, and write arrays as text."""
    if batch is None:
        return None
    if isinstance(batch, dict):
        return {name: _to_json(part) for name, part in batch.items()}
    if isinstance(batch, list | tuple):
        return [type(batch).__name__, *map(_to_json, batch)]
    sizes = ("1" if size is None else str(size) for size in batch.shape)
    return " ".join([keras.backend.standardize_dtype(batch.dtype), *sizes])


def _from_json(spec: Any) -> Any:
    if spec is None:
        return None
    if isinstance(spec, dict):
        return {name: _from_json(part) for name, part in spec.items()}
    if isinstance(spec, list):
        kind, *parts = spec
        return tuple(map(_from_json, parts)) if kind == "tuple" else list(map(_from_json, parts))
    return _zeros(spec)


def _zeros(leaf: str) -> Any:
    dtype, *sizes = leaf.split()
    shape = tuple(1 if axis == 0 else int(size) for axis, size in enumerate(sizes))
    return keras.ops.convert_to_tensor(np.full(shape, "") if dtype == "string" else np.zeros(shape, dtype))
