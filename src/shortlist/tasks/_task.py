"""Base class of tasks."""

from collections.abc import Iterable
from typing import Any

import keras

__all__ = ["Task", "as_list", "saved_list"]


class Task(keras.layers.Layer):
    """One objective of a model: labels, loss and metrics in one layer. Abstract.

    `call` updates the metrics and returns the loss, a scalar.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.built = True  # a task has no weights of its own; the layers in it build themselves


def as_list(metrics: Any) -> list[Any]:
    """Return metrics as a list.

    Args:
        metrics: None, a metric, or an iterable of metrics.

    Returns:
        An empty list for None; one item for one metric.

    Example:
        >>> as_list(None), as_list("auc"), as_list(["auc", "rmse"])
        ([], ['auc'], ['auc', 'rmse'])
    """
    if metrics is None:
        return []
    return list(metrics) if isinstance(metrics, Iterable) and not isinstance(metrics, str) else [metrics]


def saved_list(metrics: Iterable[Any]) -> list[Any]:
    """Return the configs of Keras objects, for `get_config`.

    Args:
        metrics: Keras metrics or losses.

    Returns:
        Configs for `keras.saving.deserialize_keras_object`.
    """
    return [keras.saving.serialize_keras_object(metric) for metric in metrics]
