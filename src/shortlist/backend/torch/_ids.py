"""Ids as PyTorch tensors: compared, and turned into rows."""

from typing import Any

import keras
import numpy as np
import torch

from shortlist.errors import ArgumentError, BackendError
from shortlist.typing import Tensor

__all__ = ["IdLookup", "check_ids", "factorize", "id_tensor", "is_padding"]


def check_ids(name: str, ids: Any) -> None:
    """Refuse ids in host memory that a tensor would cut short; here, none.

    Args:
        name: What to call them in the error.
        ids: Anything.
    """
    del name, ids  # tensors here hold 64 bits


def factorize(ids: Tensor) -> Tensor:
    """Small integers that are equal exactly where the ids are.

    Args:
        ids: `[n]` or `[n, 1]`, integers.

    Returns:
        `[n]`, int32, in `[0, n)`.
    """
    ids = keras.ops.convert_to_tensor(ids).reshape(-1)
    return torch.unique(ids, return_inverse=True)[1].to(torch.int32)


def id_tensor(ids: np.ndarray) -> Tensor:
    """Ids as a tensor.

    Args:
        ids: `[n]`, integers.

    Returns:
        `[n]`.

    Raises:
        BackendError: When the ids are text: PyTorch tensors do not hold it.
    """
    return keras.ops.convert_to_tensor(_checked(ids))


def is_padding(ids: Tensor) -> Tensor:
    """Which entries stand for no id: empty text and -1.

    Args:
        ids: Any shape, integers.

    Returns:
        The same shape, bool.
    """
    return keras.ops.convert_to_tensor(ids) == -1


class IdLookup:
    """Finds the rows of integer ids by binary search.

    Args:
        ids: `[num_rows]`, distinct int64 ids: PyTorch tensors hold no text.

    Raises:
        BackendError: When the ids are text.
        ArgumentError: When an id stands twice.
    """

    def __init__(self, ids: np.ndarray) -> None:
        ids = _checked(ids)
        order = np.argsort(ids, kind="stable")
        if len(np.unique(ids)) != len(ids):
            raise ArgumentError(
                "candidate ids must be distinct; an id that stands twice has no row of its own."
            )
        self._sorted, self._order = torch.from_numpy(ids[order].astype("int64")), torch.from_numpy(order)

    def rows(self, ids: Tensor) -> Tensor:
        """The row of each id, -1 where it is unknown.

        Args:
            ids: Any shape, integers.

        Returns:
            The same shape, int32.
        """
        ids = keras.ops.convert_to_tensor(ids).to(torch.int64)
        known, order = self._sorted.to(ids.device), self._order.to(ids.device)
        slots = torch.searchsorted(known, ids).clamp(0, len(known) - 1)
        return torch.where(known[slots] == ids, order[slots], -1).to(torch.int32)


def _checked(ids: np.ndarray) -> np.ndarray:
    if ids.dtype == object:
        raise BackendError(
            "the ids of candidates came as text, which PyTorch tensors do not hold; encode them before "
            "they reach the model, "
            "with Vocabulary.rows or FeatureSpec.encode_candidates."
        )
    return ids
