"""Columns as part of a TensorFlow graph, for what is exported."""

from collections.abc import Iterable
from typing import Any

from shortlist.features.columns.base import Column

__all__ = ["encoder_in_graph"]


def encoder_in_graph(columns: Iterable[Column]) -> Any:
    """The twin of the columns' `encode` made of core TensorFlow operations.

    Args:
        columns: Fitted columns of one side of a spec.

    Returns:
        A `shortlist.backend.tensorflow.encode.EncoderInGraph`: call it with raw features by name; its
        `input_signature()` tells what these are.

    Raises:
        FeatureError: A column is not fitted.

    Example:
        >>> from shortlist.features import Category
        >>> encode = encoder_in_graph([Category("gender").fit(["F", "M"])])
        >>> import tensorflow as tf
        >>> encode({"gender": tf.constant(["M", "?"])})["gender"].numpy()
        array([2, 0], dtype=int32)
    """
    # Imported here, so that the other backends never load TensorFlow.
    from shortlist.backend.tensorflow import encode

    return encode.EncoderInGraph({column.column: column.in_graph(encode) for column in columns})
