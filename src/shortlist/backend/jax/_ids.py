"""Ids as JAX arrays of integers, 32 bits by default."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from shortlist.backend._ids import check_distinct, unsupported_ids
from shortlist.typing import Tensor

__all__ = ["IdLookup", "check_ids", "factorize", "id_tensor", "is_padding"]

_BOUNDS = np.iinfo("int32")
_REQUIREMENT = "be integers of at most 32 bits on JAX"


def check_ids(name: str, ids: Any) -> None:
    if isinstance(ids, np.ndarray) and ids.dtype.kind in "iu":
        _check_bits(name, ids)


def _check_bits(name: str, ids: np.ndarray) -> None:
    for extreme in (ids.min(), ids.max()) if ids.size else ():
        if not _BOUNDS.min <= extreme <= _BOUNDS.max:
            raise unsupported_ids(name, _REQUIREMENT, got=f"{extreme}")


def _checked(ids: np.ndarray) -> np.ndarray:
    if ids.dtype == object:
        raise unsupported_ids("candidate ids", _REQUIREMENT, got="text")
    _check_bits("candidate ids", ids)
    return ids


def id_tensor(ids: np.ndarray) -> Tensor:
    return jnp.asarray(_checked(ids), dtype="int32")


def factorize(ids: Tensor) -> Tensor:
    ids = jnp.reshape(jnp.asarray(ids), (-1,))
    return jnp.unique(ids, return_inverse=True, size=ids.shape[0])[1].astype("int32")


def is_padding(ids: Tensor) -> Tensor:
    return jnp.asarray(ids) == -1


class IdLookup:
    def __init__(self, ids: np.ndarray) -> None:
        check_distinct(_checked(ids))
        order = np.argsort(ids, kind="stable")
        self._sorted, self._order = ids[order].astype("int32"), order.astype("int32")

    def rows(self, ids: Tensor) -> Tensor:
        ids = jnp.asarray(ids)
        slots = jnp.clip(jnp.searchsorted(self._sorted, ids), 0, len(self._sorted) - 1)
        is_known = jnp.asarray(self._sorted)[slots] == ids
        return jnp.where(is_known, jnp.asarray(self._order)[slots], -1)
