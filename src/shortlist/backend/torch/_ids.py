"""Ids as PyTorch tensors of int64."""

from typing import Any

import numpy as np
import torch
from keras import ops

from shortlist.backend._ids import check_distinct, unsupported_ids
from shortlist.typing import Tensor

__all__ = ["IdLookup", "check_ids", "factorize", "id_tensor", "is_padding"]


def check_ids(name: str, ids: Any) -> None:
    del name, ids  # tensors hold 64 bits


def _checked(ids: np.ndarray) -> np.ndarray:
    if ids.dtype == object:
        raise unsupported_ids("candidate ids", "be integers on PyTorch", got="text")
    return ids


def id_tensor(ids: np.ndarray) -> Tensor:
    return ops.convert_to_tensor(_checked(ids))


def factorize(ids: Tensor) -> Tensor:
    ids = ops.convert_to_tensor(ids).reshape(-1)
    return torch.unique(ids, return_inverse=True)[1].to(torch.int32)


def is_padding(ids: Tensor) -> Tensor:
    return ops.convert_to_tensor(ids) == -1


class IdLookup:
    def __init__(self, ids: np.ndarray) -> None:
        check_distinct(_checked(ids))
        order = np.argsort(ids, kind="stable")
        self._sorted, self._order = torch.from_numpy(ids[order].astype("int64")), torch.from_numpy(order)

    def rows(self, ids: Tensor) -> Tensor:
        ids = ops.convert_to_tensor(ids).to(torch.int64)
        known, order = self._sorted.to(ids.device), self._order.to(ids.device)
        slots = torch.searchsorted(known, ids).clamp(0, len(known) - 1)
        return torch.where(known[slots] == ids, order[slots], -1).to(torch.int32)
