"""Large tables between the host and TensorFlow, with few copies."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

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
    # A constant of an array takes its memory three times, and a variable that is changed twice.
    table, first = tf.raw_ops.Empty(shape=shape, dtype=dtype, init=True), 0
    for part in parts:
        rows = np.arange(first, first + len(part), dtype="int32")
        table = tf.raw_ops.InplaceUpdate(x=table, i=rows, v=part)
        first += len(part)
    return table


def host_array(table: Any) -> np.ndarray:
    """A tensor as an array that must not be written to; where it lies on the host, without a copy.

    Args:
        table: A tensor or an array.

    Returns:
        The same numbers.
    """
    array = np.asarray(table).view()
    array.flags.writeable = False
    return array
