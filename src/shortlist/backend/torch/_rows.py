"""Rows of tables in PyTorch: gathered, updated in place, deduplicated."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import torch

from shortlist.backend._hashing import hash_multipliers
from shortlist.backend._keras_private import in_stateless_scope, raw_value
from shortlist.backend.interface import UniqueRows
from shortlist.typing import Tensor

__all__ = [
    "deduplicate_rows",
    "gather_rows",
    "lookup",
    "scatter_add",
    "scatter_rows",
    "sparse_gradients",
    "unique_rows",
]

_IS_SPARSE: ContextVar[bool] = ContextVar("shortlist_sparse_gradients", default=False)


@contextlib.contextmanager
def sparse_gradients(is_enabled: bool) -> Iterator[None]:
    """Let lookups inside the context have sparse gradients, which Keras' own optimizers do not accept."""
    token = _IS_SPARSE.set(is_enabled)
    try:
        yield
    finally:
        _IS_SPARSE.reset(token)


def lookup(variable: Any, rows: Tensor) -> Tensor:
    return torch.nn.functional.embedding(rows, raw_value(variable), sparse=_IS_SPARSE.get())


def gather_rows(variable: Any, rows: Tensor) -> Tensor:
    found = raw_value(variable).detach().index_select(0, rows.reshape(-1))
    return found.reshape(*rows.shape, *found.shape[1:])


def scatter_rows(variable: Any, rows: Tensor, values: Tensor) -> None:
    rows = rows.to(torch.long)
    with torch.no_grad():
        if in_stateless_scope():  # which records `assign`, not updates in place
            variable.assign(raw_value(variable).index_copy(0, rows, values))
        else:
            raw_value(variable).index_copy_(0, rows, values)


def scatter_add(variable: Any, rows: Tensor, values: Tensor) -> None:
    value = variable.value  # inside a stateless scope this is a copy, which `assign` records
    variable.assign(value.index_add(0, rows.to(torch.long), values.to(value.dtype)))


def deduplicate_rows(gradient: Any) -> tuple[Tensor, Tensor] | None:
    if not isinstance(gradient, torch.Tensor) or not gradient.is_sparse:
        return None
    summed = gradient.coalesce()
    return summed.indices()[0], summed.values()


def unique_rows(parts: Sequence[Tensor]) -> UniqueRows:
    num_rows = len(parts[0])
    flat = (part.detach().reshape(num_rows, math.prod(part.shape[1:])) for part in parts)
    bits = torch.cat([part.view(torch.int32) for part in flat], dim=1)
    factors = torch.from_numpy(hash_multipliers(bits.shape[1]).view("int64")).to(bits.device)
    hashes, codes = torch.unique((bits.to(torch.long) * factors).sum(dim=1), return_inverse=True)
    rows = torch.arange(num_rows, device=bits.device)
    first = rows.new_full((len(hashes),), num_rows).scatter_reduce(0, codes, rows, "amin")
    if not torch.equal(bits[first[codes]], bits):  # unequal rows have one hash: treat all as distinct
        first = codes = rows
    return UniqueRows(first.to(torch.int32), codes.to(torch.int32))
