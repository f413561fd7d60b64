"""What every query side of an exported index does."""

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["QueryGraphEncoder", "one_a_row"]


class QueryGraphEncoder(abc.ABC):
    """Raw features by name to query vectors."""

    @abc.abstractmethod
    def resources(self) -> list[Any]:
        """What holds the variables and tables that must be saved."""

    @abc.abstractmethod
    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """Shape and type of each feature; the shape is open where `[batch]` and `[batch, 1]` are taken."""

    @abc.abstractmethod
    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        """Query vectors, `[batch, dim]` or `[batch, heads, dim]`."""

    @abc.abstractmethod
    def examples(self) -> dict[str, np.ndarray]:
        """Raw features of a few queries by input name, `[batch, ...]` each."""

    @abc.abstractmethod
    def as_queries(self, features: Mapping[str, np.ndarray]) -> Any:
        """What the index takes in Python for these raw features."""


def one_a_row(values: Tensor, name: str) -> Tensor:
    """One value a row, from values of unknown rank; others are refused when the graph runs.

    Args:
        values: `[batch]` or `[batch, 1]`.
        name: Of the input, for the message.

    Returns:
        `[batch]`.

    Example:
        >>> one_a_row(tf.constant([[1], [2]]), "age").numpy()
        array([1, 2], dtype=int32)
    """
    is_one_a_row = (tf.rank(values) >= 1) & (tf.rank(values) <= 2) & tf.reduce_all(tf.shape(values)[1:] == 1)
    message = f"input '{name}': expected shape [batch] or [batch, 1], got shape "
    tf.debugging.Assert(is_one_a_row, [message, tf.shape(values)])
    return tf.reshape(values, (-1,))
