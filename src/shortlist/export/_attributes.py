"""Graph that turns attribute values of a request into attribute masks."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import tensorflow as tf

from shortlist.errors import ArgumentError, must
from shortlist.indexes._attributes import Attributes
from shortlist.typing import Tensor

__all__ = ["AttributesGraphEncoder", "as_text"]

_NOTHING, _UNKNOWN = -2, -1
_PREFIX = "where_"


@final
class AttributesGraphEncoder(tf.Module):
    """Map attribute values in a request, which are strings, to attribute masks.

    Args:
        attributes: Attributes of the index.
        bits: Attribute masks of the candidates, `[num_rows, num_words]`, int32.

    Raises:
        ArgumentError: If an attribute has an empty string as a value.
    """

    def __init__(self, attributes: Attributes, bits: np.ndarray) -> None:
        super().__init__()
        self.bits = tf.Variable(bits, trainable=False, name="bits")
        self._num_words = attributes.num_words
        with tf.device("CPU"):  # no other device holds text
            self._tables = {name: _table(name, of) for name, of in attributes.bit_of.items()}

    def inputs(self) -> dict[str, tf.TensorSpec]:
        """Return the input spec of each attribute, `where_<name>`: strings `[batch, num_values]`."""
        return {
            _PREFIX + name: tf.TensorSpec((None, None), tf.string, name=_PREFIX + name)
            for name in self._tables
        }

    def wanted(self, inputs: Mapping[str, Tensor], num_queries: Tensor) -> Tensor:
        """Return the attribute masks that rows must have.

        Args:
            inputs: Strings by `where_<name>`, `[batch, num_values]`: a candidate must have one of the values.
                Empty strings are padding; an attribute with padding only is not filtered.
            num_queries: Number of queries.

        Returns:
            `[batch, 1 + num_attributes, num_words]`, int32.
        """
        present = tf.one_hot(tf.zeros((num_queries, 1), tf.int32), 32 * self._num_words, dtype=tf.int64)
        groups = [
            self._group(tf.ensure_shape(table.lookup(inputs[_PREFIX + name]), (None, None)), present[:, 0])
            for name, table in self._tables.items()
        ]
        each = tf.stack([present[:, 0], *groups], axis=1)
        words = tf.reshape(each, (-1, 1 + len(groups), self._num_words, 32))
        powers = tf.constant([2**bit for bit in range(32)], tf.int64)
        return tf.bitcast(tf.cast(tf.reduce_sum(words * powers, axis=3), tf.uint32), tf.int32)

    def _group(self, bit: Tensor, present: Tensor) -> Tensor:
        """Return the bits that match one attribute, `[batch, 32 * num_words]`, int64, 0 or 1."""
        one_hot = tf.one_hot(bit, 32 * self._num_words, dtype=tf.int64)  # zeros for negative bits
        several = tf.reduce_max(tf.concat([one_hot, tf.zeros_like(present)[:, None]], axis=1), axis=1)
        is_asked = tf.reduce_any(bit != _NOTHING, axis=1, keepdims=True)
        return tf.where(is_asked, several, present)


def as_text(value: Any) -> str:
    """Return an attribute value as text, as a request names it.

    Args:
        value: Text, bytes, an integer or a bool.

    Returns:
        Text; `"true"` and `"false"` of bools.
    """
    if isinstance(value, bool):
        return str(value).lower()
    return value.decode() if isinstance(value, bytes) else str(value)


def _table(name: str, bit_of: Mapping[Any, int]) -> Any:
    texts = [as_text(value) for value in bit_of]
    if "" in texts:
        raise ArgumentError(
            must(
                f"attribute {name!r}",
                "not have an empty string as value, which is the padding of requests",
                fix="Use another string or None",
            )
        )
    table = tf.lookup.experimental.MutableHashTable(tf.string, tf.int32, default_value=_UNKNOWN)
    table.insert(tf.constant(["", *texts]), tf.constant([_NOTHING, *bit_of.values()], tf.int32))
    return table
