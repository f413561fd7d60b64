"""Names for the types that cross module borders; no logic."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

__all__ = ["ArrayLike", "Features", "ItemId", "Shape", "Tensor"]

Tensor: TypeAlias = Any
"""A tensor of the Keras backend in use, or what Keras converts to one."""

ArrayLike: TypeAlias = Any
"""A NumPy array, a list, an Arrow array or a tensor: what `numpy.asarray` understands."""

Shape: TypeAlias = tuple[int | None, ...]
"""A shape whose unknown sizes are None."""

ItemId: TypeAlias = str | bytes | int | np.integer
"""An id as the user has it: text, bytes or a 64-bit integer."""

Features: TypeAlias = Mapping[str, Any] | Sequence[Any] | Any
"""What one tower takes: a tensor of ids, or tensors by feature name."""
