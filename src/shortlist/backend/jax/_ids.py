"""Ids as JAX arrays: compared, and turned into rows."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from shortlist.errors import ArgumentError, BackendError
from shortlist.typing import Tensor

__all__ = ["IdLookup", "check_ids", "factorize", "id_tensor", "is_padding"]


def check_ids(name: str, ids: Any) -> None:
    """Refuse ids in host memory that JAX would cut to 32 bits.

    Args:
        name: What to call them in the error.
        ids: Anything; only NumPy arrays are looked at.

    Raises:
        BackendError: When an integer needs more than 32 bits.
    """
    if (
        isinstance(ids, np.ndarray)
        and ids.dtype.kind in "iu"
        and ids.size
        and np.abs(ids).max() > np.iinfo("int32").max
    ):
        raise BackendError(
            f"{name} holds integers beyond 32 bits, which JAX would cut short; encode them first, with "
            "Vocabulary.rows."
        )


def factorize(ids: Tensor) -> Tensor:
    """Small integers that are equal exactly where the ids are.

    Args:
        ids: `[n]` or `[n, 1]`, integers.

    Returns:
        `[n]`, int32, in `[0, n)`.
    """
    ids = jnp.reshape(jnp.asarray(ids), (-1,))
    return jnp.unique(ids, return_inverse=True, size=ids.shape[0])[1].astype("int32")


def id_tensor(ids: np.ndarray) -> Tensor:
    """Ids as a tensor.

    Args:
        ids: `[n]`, integers that fit in 32 bits.

    Returns:
        `[n]`.

    Raises:
        BackendError: When the ids are text or larger: JAX arrays do not hold them.
    """
    return jnp.asarray(_checked(ids), dtype="int32")


def is_padding(ids: Tensor) -> Tensor:
    """Which entries stand for no id: empty text and -1.

    Args:
        ids: Any shape, integers.

    Returns:
        The same shape, bool.
    """
    return jnp.asarray(ids) == -1


class IdLookup:
    """Finds the rows of integer ids by binary search.

    Args:
        ids: `[num_rows]`, distinct integers that fit in 32 bits: JAX arrays hold neither text nor, by
            default, more.

    Raises:
        BackendError: When the ids are text or larger.
        ArgumentError: When an id stands twice.
    """

    def __init__(self, ids: np.ndarray) -> None:
        ids = _checked(ids)
        order = np.argsort(ids, kind="stable")
        if len(np.unique(ids)) != len(ids):
            raise ArgumentError(
                "candidate ids must be distinct; an id that stands twice has no row of its own."
            )
        self._sorted, self._order = ids[order].astype("int32"), order.astype("int32")

    def rows(self, ids: Tensor) -> Tensor:
        """The row of each id, -1 where it is unknown.

        Args:
            ids: Any shape, integers.

        Returns:
            The same shape, int32.
        """
        ids = jnp.asarray(ids)
        slots = jnp.clip(jnp.searchsorted(self._sorted, ids), 0, len(self._sorted) - 1)
        found = jnp.asarray(self._sorted)[slots] == ids
        return jnp.where(found, jnp.asarray(self._order)[slots], -1)


def _checked(ids: np.ndarray) -> np.ndarray:
    if ids.dtype == object or (len(ids) and np.abs(ids).max() > np.iinfo("int32").max):
        raise BackendError(
            "the ids of candidates came as text or as integers beyond 32 bits, which JAX arrays do not hold; "
            "encode them before they reach the model, with Vocabulary.rows or FeatureSpec.encode_candidates."
        )
    return ids
