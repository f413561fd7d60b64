"""Rows of a table: looked up, differentiated by, changed in place; on TensorFlow."""

from typing import Any

import tensorflow as tf
from keras import ops
from keras.src.backend.common.stateless_scope import in_stateless_scope  # Keras has no public name for it

from shortlist.backend._full_precision import raw_value
from shortlist.errors import BackendError
from shortlist.typing import Tensor

__all__ = ["deduplicate_rows", "gather_rows", "lookup", "scatter_rows"]


def lookup(variable: Any, rows: Tensor) -> Tensor:
    """The rows of a table, without reading the rest; the gradient comes as `tf.IndexedSlices`.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: Any shape, int, each in `[0, num_rows)`.

    Returns:
        `[*rows.shape, ...]`, of the variable's dtype.
    """
    if isinstance(rows, tf.RaggedTensor | tf.SparseTensor):
        return ops.take(raw_value(variable), rows, axis=0)
    return tf.gather(raw_value(variable), rows)  # of a tf.Variable: ResourceGather, where others read it all


def deduplicate_rows(gradient: Any) -> tuple[Tensor, Tensor] | None:
    """A sparse gradient, with what belongs to one row summed.

    Args:
        gradient: What the tape gives for a variable.

    Returns:
        Distinct rows `[n]` and their gradients `[n, ...]`; None when the gradient is dense.

    Raises:
        BackendError: The model is trained on several replicas, whose rows differ.
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return None
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        raise BackendError(
            "a row-wise optimizer came under a tf.distribute strategy of several replicas, each of which has "
            "rows of its own; train on one replica, or with an optimizer of keras.optimizers."
        )
    rows, slots = tf.unique(gradient.indices)
    return rows, tf.math.unsorted_segment_sum(gradient.values, slots, tf.size(rows))


def gather_rows(variable: Any, rows: Tensor) -> Tensor:
    """Some rows of a variable.

    Args:
        variable: A Keras variable, or a tensor or variable of the backend, `[num_rows, ...]`.
        rows: `[...]`, int.

    Returns:
        `[..., ...]`, the row of each in its place.
    """
    return tf.gather(raw_value(variable), rows)


def scatter_rows(variable: Any, rows: Tensor, values: Tensor) -> None:
    """Give some rows of a variable new values, in place.

    Args:
        variable: A Keras variable, `[num_rows, ...]`.
        rows: `[n]`, as `deduplicate_rows` gives them.
        values: `[n, ...]`, of the variable's dtype.
    """
    value = raw_value(variable)
    if in_stateless_scope():  # which keeps what is assigned, and knows nothing of changes in place
        variable.assign(tf.tensor_scatter_nd_update(value, tf.expand_dims(rows, 1), values))
    else:
        value.scatter_update(tf.IndexedSlices(values, rows))
