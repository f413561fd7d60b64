"""What Keras' operations leave to the backend, on PyTorch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from shortlist.typing import Tensor

__all__ = [
    "compiled",
    "count_beyond_margin",
    "exp_in_place",
    "host_callback",
    "is_symbolic",
    "is_tracing",
    "scatter_add",
    "subtract_in_place",
    "top_k",
]


def is_tracing() -> bool:
    """Whether what is called now becomes part of a graph, so that tensors made of arrays have no value, too.

    Returns:
        False: PyTorch computes at once.
    """
    return False


def is_symbolic(value: Any) -> bool:
    """Whether `value` is a tensor without a value yet. PyTorch's always have one, but on the device `meta`.

    Args:
        value: Anything.

    Returns:
        True for a tensor without a value.
    """
    return isinstance(value, torch.Tensor) and value.device.type == "meta"


def scatter_add(variable: Any, rows: Tensor, values: Tensor) -> None:
    """Add `values[i]` to row `rows[i]` of a variable, in place; repeated rows add up.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: `[n]`, int.
        values: `[n, ...]`.
    """
    value = variable.value  # inside a stateless scope this is a copy, which assign puts in its place
    variable.assign(value.index_add(0, rows.to(torch.long), values.to(value.dtype)))


def top_k(scores: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k highest scores of each row and their columns; of equal scores the lower column comes first.

    `torch.topk` leaves the order of equal scores open, and which of them it takes. So it only gives the
    lowest score that is in; of the scores that equal it, the first ones fill the places that the higher ones
    leave.

    Args:
        scores: `[num_queries, num_candidates]`, with `num_candidates >= k`.
        k: How many.

    Returns:
        Scores and int32 columns, both `[num_queries, k]`, highest first.
    """
    lowest = torch.topk(scores, k, dim=1).values[:, -1:] if k else scores[:, :0]
    above, equal = scores > lowest, scores == lowest
    slots = k - above.sum(dim=1, keepdim=True)
    taken = above | (equal & (equal.cumsum(dim=1) <= slots))
    columns = taken.nonzero()[:, 1].reshape(scores.shape[0], k)
    values, order = torch.sort(scores.gather(1, columns), dim=1, descending=True, stable=True)
    return values, columns.gather(1, order).to(torch.int32)


def host_callback(
    function: Callable[..., np.ndarray],
    asked: Tensor | tuple[Tensor, ...],
    shape: tuple[Any, ...],
    dtype: str = "float32",
) -> Tensor:
    """What a function of the host gives.

    Args:
        function: Takes arrays and gives one.
        asked: Its argument, or a tuple of its arguments.
        shape: Of what it gives.
        dtype: Of what it gives.

    Returns:
        A tensor.
    """
    del shape, dtype  # compilers of graphs want them
    arguments = asked if isinstance(asked, tuple) else (asked,)
    devices = [one.device for one in arguments if isinstance(one, torch.Tensor)]
    arrays = (one.cpu().numpy() if isinstance(one, torch.Tensor) else np.asarray(one) for one in arguments)
    answer = function(*arrays)
    return torch.from_numpy(answer).to(devices[0] if devices else "cpu")


def count_beyond_margin(leads: Tensor, margin: float) -> tuple[Tensor, Tensor]:
    """How many numbers of each row lie above a margin, and how many below its negative.

    They are turned into -1, 0 and 1, of which a row's sum is the difference of the two numbers, and the
    square of its length their sum: fewer passes than comparing twice.

    Args:
        leads: `[num_rows, num_columns]`, with at most 2^22 columns, as a square root in float32 is exact
            enough for; nobody needs them any more.
        margin: Above 0.

    Returns:
        `[num_rows]` each, float32.
    """
    signs = torch.nn.functional.hardshrink(leads, margin).sign_()
    difference, number = signs.sum(dim=1), torch.linalg.vector_norm(signs, dim=1).square().round()
    return (number + difference) / 2, (number - difference) / 2


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors that keeps nothing for gradients.

    Args:
        function: Takes tensors by position.

    Returns:
        The function.
    """
    return torch.no_grad()(function)


def exp_in_place(values: Tensor) -> Tensor:
    """Exponentials of values that nobody needs any more, in their memory where the backend can.

    Args:
        values: Any shape.

    Returns:
        The same shape.
    """
    return values.exp_()


def subtract_in_place(values: Tensor, amount: Tensor) -> Tensor:
    """Differences of values that nobody needs any more, in their memory where the backend can.

    Args:
        values: Any shape.
        amount: What fits it.

    Returns:
        The shape of the values.
    """
    return values.sub_(amount)
