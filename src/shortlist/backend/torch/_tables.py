"""Large tables between the host and PyTorch, with few copies."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from keras import ops

from shortlist.typing import Tensor

__all__ = ["assemble_table", "host_array"]


def assemble_table(parts: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str) -> Tensor:
    """A tensor that is put together of parts, whose memory is the only one that holds it all.

    Args:
        parts: One after another, the rows of the table.
        shape: Of the table.
        dtype: Of the table.

    Returns:
        A tensor of that shape.
    """
    table, first = ops.zeros(shape, dtype), 0
    for part in parts:
        table[first : first + len(part)] = torch.from_numpy(np.array(part))
        first += len(part)
    return table


def host_array(table: Any) -> np.ndarray:
    """A tensor as an array that must not be written to; where it lies on the host, without a copy.

    Args:
        table: A tensor or an array.

    Returns:
        The same numbers.
    """
    array = table.detach().cpu().numpy() if isinstance(table, torch.Tensor) else np.asarray(table)
    array = array.view()
    array.flags.writeable = False
    return array
