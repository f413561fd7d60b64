"""Searches as graphs, of which all engines of one size share one."""

import functools
from collections.abc import Callable, Hashable
from typing import Any

from shortlist import backend

__all__ = ["compiled_for"]


@functools.lru_cache(maxsize=64)
def compiled_for(search: Callable[..., Any], sizes: Hashable) -> Callable[..., Any]:
    """A search whose sizes are fixed, compiled when first called.

    Args:
        search: Takes tensors by position, and `sizes`.
        sizes: What its graph must know before it is made.

    Returns:
        The same function for the same sizes.
    """
    return backend.compiled(functools.partial(search, sizes=sizes))
