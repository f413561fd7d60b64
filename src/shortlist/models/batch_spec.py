"""What a batch looks like, as text, and a batch of zeros that looks like it."""

import json
from typing import Any

import keras
import numpy as np

__all__ = ["batch_like", "spec_of"]


def spec_of(batch: Any) -> str:
    """The structure of a batch, with the type and the sizes of each array.

    Args:
        batch: Arrays or tensors in dicts, lists and tuples.

    Returns:
        JSON.

    Example:
        >>> spec_of({"user": np.zeros((8, 3), "int32")})
        '{"user": "int32 8 3"}'
    """
    return json.dumps(keras.saving.serialize_keras_object(keras.tree.map_structure(_leaf_spec, batch)))


def batch_like(spec: str) -> Any:
    """A batch of one example of zeros, or of empty text.

    Args:
        spec: What `spec_of` returned.

    Returns:
        Tensors in the same structure; their first size is 1.

    Example:
        >>> batch_like('{"user": "int32 8 3"}')["user"].shape[1]
        3
    """
    return keras.tree.map_structure(_zeros, keras.saving.deserialize_keras_object(json.loads(spec)))


def _leaf_spec(leaf: Any) -> str:
    sizes = ("1" if size is None else str(size) for size in leaf.shape)
    return " ".join([keras.backend.standardize_dtype(leaf.dtype), *sizes])


def _zeros(leaf: str) -> Any:
    dtype, *sizes = leaf.split()
    shape = tuple(1 if axis == 0 else int(size) for axis, size in enumerate(sizes))
    return keras.ops.convert_to_tensor(np.full(shape, "") if dtype == "string" else np.zeros(shape, dtype))
