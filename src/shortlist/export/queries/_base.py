"""Interface of the query side of an exported index."""

import abc
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.typing import Tensor

__all__ = ["QueryGraphEncoder", "one_a_row"]


class QueryGraphEncoder(abc.ABC):
    """Encode a dict of raw features as query vectors. Abstract."""

    @abc.abstractmethod
    def resources(self) -> list[Any]:
        """Return the objects that hold variables and tables to save."""

    @abc.abstractmethod
    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """Return the spec of each feature, with unknown shape if `[batch]` and `[batch, 1]` are accepted."""

    @abc.abstractmethod
    def __call__(self, features: Mapping[str, Tensor]) -> Tensor:
        """Return query vectors `[batch, dim]` or `[batch, heads, dim]`."""

    @abc.abstractmethod
    def examples(self) -> dict[str, np.ndarray]:
        """Return raw features of a few queries by input name, `[batch, ...]` each."""

    @abc.abstractmethod
    def as_queries(self, features: Mapping[str, np.ndarray]) -> Any:
        """Convert raw features to the queries that the Python index takes."""


def one_a_row(values: Tensor, name: str) -> Tensor:
    """Flatten `[batch]` or `[batch, 1]` values to `[batch]`; the graph raises for other shapes.

    Args:
        values: Values of unknown rank.
        name: Input name for the message.

    Example:
        >>> one_a_row(tf.constant([[1], [2]]), "age").numpy()
        array([1, 2], dtype=int32)
    """
    is_one_a_row = (tf.rank(values) >= 1) & (tf.rank(values) <= 2) & tf.reduce_all(tf.shape(values)[1:] == 1)
    message = f"input '{name}' must have shape [batch] or [batch, 1], got "
    tf.debugging.Assert(is_one_a_row, [message, tf.shape(values)])
    return tf.reshape(values, (-1,))
