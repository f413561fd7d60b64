"""Graph that turns the attribute values of a request into requirements on rows."""

from collections.abc import Mapping
from typing import Any, final

import numpy as np
import tensorflow as tf

from shortlist.errors import ArgumentError, must
from shortlist.search import Attributes
from shortlist.typing import Tensor

__all__ = ["AttributesGraphEncoder", "as_text"]

_NOTHING, _UNKNOWN = -2, -1
_PREFIX = "where_"


@final
class AttributesGraphEncoder(tf.Module):
    """Map attribute values in a request to the `required` and `limits` of a `RowFilter`.

    Args:
        attributes: Attributes of the index.
        table: Attributes of the candidates, `[num_rows, num_columns]`, int32.

    Raises:
        ArgumentError: If a category is an empty string.
    """

    def __init__(self, attributes: Attributes, table: np.ndarray) -> None:
        super().__init__()
        self.table = tf.Variable(table, trainable=False, name="attributes")
        self._num_words, self._numbers = attributes.num_words, attributes.numbers
        with tf.device("CPU"):  # no other device holds text
            self._tables = {name: _table(name, of) for name, of in attributes.bit_of.items()}

    def inputs(self) -> dict[str, tf.TensorSpec]:
        """Return the input spec of each attribute, `where_<name>`.

        Categories are strings `[batch, num_values]`, numbers are float32 `[batch, 2]` or `[batch, 0]`.
        """
        dtypes = dict.fromkeys(self._tables, tf.string) | dict.fromkeys(self._numbers, tf.float32)
        names = {_PREFIX + name: dtype for name, dtype in dtypes.items()}
        return {name: tf.TensorSpec((None, None), dtype, name=name) for name, dtype in names.items()}

    def require(self, inputs: Mapping[str, Tensor], num_queries: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the requirements on rows.

        Args:
            inputs: By `where_<name>`, categories `[batch, num_values]`, of which a candidate must have one,
                padded with empty strings; or the lowest and highest number `[batch, 2]`, of which NaN is no
                limit. Padding or NaN only, or no width, does not filter.
            num_queries: Number of queries.

        Returns:
            `[batch, 1 + num_categories, num_columns]`, and `[batch, 2, num_columns]` or None if no attribute
            is a number; int32.
        """
        live = tf.one_hot(tf.zeros((num_queries, 1), tf.int32), 32 * self._num_words, dtype=tf.int64)
        groups = [
            self._group(tf.ensure_shape(table.lookup(inputs[_PREFIX + name]), (None, None)), live[:, 0])
            for name, table in self._tables.items()
        ]
        each = tf.stack([live[:, 0], *groups], axis=1)
        words = tf.reshape(each, (-1, 1 + len(groups), self._num_words, 32))
        powers = tf.constant([2**bit for bit in range(32)], tf.int64)
        required = tf.bitcast(tf.cast(tf.reduce_sum(words * powers, axis=3), tf.uint32), tf.int32)
        if not self._numbers:
            return required, None
        required = tf.pad(required, [[0, 0], [0, 0], [0, len(self._numbers)]])
        limits = [_limits(inputs[_PREFIX + name], num_queries) for name in self._numbers]
        anything = tf.tile([[[tf.int32.min], [tf.int32.max]]], (num_queries, 1, self._num_words))
        return required, tf.concat([anything, tf.stack(limits, axis=2)], axis=2)

    def _group(self, bit: Tensor, live: Tensor) -> Tensor:
        """Return the bits that match one attribute, `[batch, 32 * num_words]`, int64, 0 or 1."""
        one_hot = tf.one_hot(bit, 32 * self._num_words, dtype=tf.int64)  # zeros for negative bits
        several = tf.reduce_max(tf.concat([one_hot, tf.zeros_like(live)[:, None]], axis=1), axis=1)
        is_asked = tf.reduce_any(bit != _NOTHING, axis=1, keepdims=True)
        return tf.where(is_asked, several, live)


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


def _limits(ends: Tensor, num_queries: Tensor) -> Tensor:
    """Return the lowest and highest integer `[batch, 2]` of a number, as `search._attributes` encodes it."""
    none = tf.fill((num_queries, 2), np.float32(np.nan))
    ends = tf.reshape(tf.concat([ends, none], axis=1)[:, :2], (-1, 2))
    is_open = tf.math.is_nan(ends)
    filled = tf.where(is_open, tf.constant([-np.inf, np.inf], tf.float32), ends)
    bits = tf.bitcast(filled + 0.0, tf.int32)
    integers = tf.where(bits < 0, tf.bitwise.bitwise_xor(bits, tf.int32.max), bits)
    anything = tf.constant([tf.int32.min, tf.int32.max], tf.int32)
    return tf.where(tf.reduce_all(is_open, axis=1, keepdims=True), anything, integers)


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
