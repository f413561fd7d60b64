"""Host arrays and operations on tensors in PyTorch."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from keras import ops

from shortlist.typing import Tensor

__all__ = [
    "assemble_table",
    "compiled",
    "count_beyond_margin",
    "exp_in_place",
    "grouped_products",
    "host_array",
    "host_callback",
    "is_symbolic",
    "is_tracing",
    "subtract_in_place",
    "top_k",
]


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    return torch.no_grad()(function)  # runs eagerly


def is_tracing() -> bool:
    return False


def is_symbolic(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.device.type == "meta"


def host_callback(
    function: Callable[..., np.ndarray],
    arguments: Tensor | tuple[Tensor, ...],
    shape: tuple[Any, ...],
    dtype: str = "float32",
) -> Tensor:
    del shape, dtype  # known from the result
    inputs = arguments if isinstance(arguments, tuple) else (arguments,)
    devices = [one.device for one in inputs if isinstance(one, torch.Tensor)]
    arrays = (one.cpu().numpy() if isinstance(one, torch.Tensor) else np.asarray(one) for one in inputs)
    return torch.from_numpy(function(*arrays)).to(devices[0] if devices else "cpu")


def host_array(table: Any) -> np.ndarray:
    array = table.detach().cpu().numpy() if isinstance(table, torch.Tensor) else np.asarray(table)
    array = array.view()
    array.flags.writeable = False
    return array


def assemble_table(parts: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str) -> Tensor:
    table, first = ops.zeros(shape, dtype), 0
    for part in parts:
        table[first : first + len(part)] = torch.from_numpy(np.array(part))
        first += len(part)
    return table


def exp_in_place(values: Tensor) -> Tensor:
    return values.exp_()


def subtract_in_place(values: Tensor, amount: Tensor) -> Tensor:
    return values.sub_(amount)


def count_beyond_margin(leads: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    # The sum of a row of signs is above - below and its squared norm above + below: fewer passes than two
    # comparisons.
    signs = torch.nn.functional.hardshrink(leads, margin).sign_()
    difference, number = signs.sum(dim=1), torch.linalg.vector_norm(signs, dim=1).square().round()
    return (number + difference) / 2, (number - difference) / 2


def top_k(scores: Tensor, k: Tensor | int) -> tuple[Tensor, Tensor]:
    # torch.topk breaks ties in any order, so it only provides the k-th highest score. All higher scores are
    # taken, and the first of those that equal it.
    lowest = torch.topk(scores, k, dim=1).values[:, -1:] if k else scores[:, :0]
    is_above, is_equal = scores > lowest, scores == lowest
    num_equal = k - is_above.sum(dim=1, keepdim=True)
    is_taken = is_above | (is_equal & (is_equal.cumsum(dim=1) <= num_equal))
    columns = is_taken.nonzero()[:, 1].reshape(scores.shape[0], k)
    values, order = torch.sort(scores.gather(1, columns), dim=1, descending=True, stable=True)
    return values, columns.gather(1, order).to(torch.int32)


def grouped_products(table: Any, groups: Tensor, vectors: Tensor) -> Tensor:
    distinct, counts = torch.unique_consecutive(groups, return_counts=True)
    products = vectors.new_empty((len(groups), table.shape[1]))
    first = 0
    for group, count in zip(distinct.tolist(), counts.tolist(), strict=True):
        own = vectors[first : first + count]
        scores = own.reshape(-1, own.shape[2]) @ table[group].float().T
        products[first : first + count] = scores.reshape(count, own.shape[1], -1).amax(dim=1)
        first += count
    return products
