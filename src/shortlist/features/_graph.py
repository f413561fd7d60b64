"""Columns as part of a TensorFlow graph, for what is exported."""

from collections.abc import Iterable
from typing import Any

from shortlist.features.columns._base import Column

__all__ = ["graph_encoder"]


def graph_encoder(columns: Iterable[Column]) -> Any:
    """The graph encoder of the columns' `encode` made of core TensorFlow operations.

    Args:
        columns: Fitted columns of one side of a spec.

    Returns:
        A `shortlist.backend.tensorflow._encode.GraphEncoder`: call it with raw features by name; its
        `input_signature()` tells what these are.

    Raises:
        FeatureError: A column is not fitted.

    Example:
        >>> from shortlist.features import Category
        >>> encode = graph_encoder([Category("gender").fit(["F", "M"])])
        >>> import tensorflow as tf
        >>> encode({"gender": tf.constant(["M", "?"])})["gender"].numpy()
        array([2, 0], dtype=int32)
    """
    # Imported here, so that the other backends never load TensorFlow.
    from shortlist.backend.tensorflow import _encode as encode

    return encode.GraphEncoder({column.column: column.in_graph(encode) for column in columns})
