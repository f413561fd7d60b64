"""Compile searches once per combination of static sizes."""

import functools
from collections.abc import Callable, Hashable
from typing import Any

from shortlist import backend

__all__ = ["compiled_for"]


@functools.lru_cache(maxsize=64)
def compiled_for(search: Callable[..., Any], sizes: Hashable) -> Callable[..., Any]:
    """Return `search` with `sizes` bound, compiled on its first call.

    Results are cached, so engines of equal sizes share one compiled graph.

    Args:
        search: Function of positional tensors and the keyword `sizes`.
        sizes: Static sizes that determine the graph.

    Returns:
        Compiled function of the tensors; the same object for the same arguments.
    """
    return backend.compiled(functools.partial(search, sizes=sizes))
