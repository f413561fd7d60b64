"""The ranking task: how well predictions fit labels."""

from typing import Any

import keras
from keras import ops

from shortlist.errors import ArgumentError, must
from shortlist.tasks._task import Task, as_list, saved_list
from shortlist.typing import Tensor

__all__ = ["Ranking"]


@keras.saving.register_keras_serializable(package="shortlist")
class Ranking(Task):
    """A loss between labels and predictions, with four groups of metrics.

    Args:
        loss: A Keras loss or the name of its class; cross-entropy of a probability when None. Its own
            reduction applies, the mean over examples unless told otherwise.
        metrics: Metrics of labels and predictions, such as RMSE or AUC.
        prediction_metrics: Metrics of the predictions alone, such as their mean.
        label_metrics: Metrics of the labels alone.
        loss_metrics: Metrics of the loss.

    Raises:
        ArgumentError: If the loss is neither a Keras loss nor the name of one.

    Example:
        >>> import keras, numpy as np
        >>> task = Ranking("MeanSquaredError", metrics=keras.metrics.RootMeanSquaredError())
        >>> float(task(np.float32([4, 2]), np.float32([3, 2])))
        0.5
    """

    def __init__(
        self,
        loss: Any = None,
        metrics: Any = None,
        *,
        prediction_metrics: Any = None,
        label_metrics: Any = None,
        loss_metrics: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.loss = keras.losses.BinaryCrossentropy() if loss is None else keras.losses.get(loss)
        if not isinstance(self.loss, keras.losses.Loss):
            raise ArgumentError(
                must(
                    "loss",
                    "be a keras.losses.Loss or the name of its class, such as 'MeanSquaredError'",
                    got=repr(loss),
                    fix="A bare function has no reduction",
                )
            )
        self.label_and_prediction_metrics = as_list(metrics)
        self.prediction_metrics = as_list(prediction_metrics)
        self.label_metrics = as_list(label_metrics)
        self.loss_metrics = as_list(loss_metrics)

    def call(
        self,
        labels: Tensor,
        predictions: Tensor,
        *,
        sample_weight: Tensor | None = None,
        compute_metrics: bool = True,
    ) -> Tensor:
        """Return the loss of a batch and update the metrics.

        Args:
            labels: `[batch]` or `[batch, outputs]`.
            predictions: The same; one of them may have shape `[batch, 1]` and the other `[batch]`.
            sample_weight: `[batch]`.
            compute_metrics: Whether to update the metrics.

        Returns:
            The loss, a scalar.

        Raises:
            ArgumentError: If the shapes differ; they would broadcast to a wrong loss.
        """
        labels, predictions = _aligned(labels, predictions)
        loss = self.loss(labels, predictions, sample_weight=sample_weight)
        if compute_metrics:
            for metric in self.label_and_prediction_metrics:
                metric.update_state(labels, predictions, sample_weight=sample_weight)
            _update(self.prediction_metrics, predictions, sample_weight)
            _update(self.label_metrics, labels, sample_weight)
            _update(self.loss_metrics, loss, None)
        return loss

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "loss": keras.saving.serialize_keras_object(self.loss),
            "metrics": saved_list(self.label_and_prediction_metrics),
            "prediction_metrics": saved_list(self.prediction_metrics),
            "label_metrics": saved_list(self.label_metrics),
            "loss_metrics": saved_list(self.loss_metrics),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Ranking":
        """Make the task from its configuration.

        Args:
            config: What `get_config` returned.

        Returns:
            A task with new metrics.
        """
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


def _update(metrics: list[Any], values: Tensor, sample_weight: Tensor | None) -> None:
    for metric in metrics:
        metric.update_state(values, sample_weight=sample_weight)


def _aligned(labels: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
    """Labels and predictions as `[batch, outputs]`, one output where they came as `[batch]`."""
    labels, predictions = _with_outputs(labels), _with_outputs(predictions)
    sizes = zip(labels.shape, predictions.shape, strict=False)
    if len(labels.shape) != len(predictions.shape) or any(a != b and None not in (a, b) for a, b in sizes):
        raise ArgumentError(
            must(
                "labels",
                f"have the shape of predictions, {tuple(predictions.shape)}",
                got=tuple(labels.shape),
            )
        )
    return labels, predictions


def _with_outputs(values: Tensor) -> Tensor:
    values = ops.convert_to_tensor(values)
    return ops.expand_dims(values, 1) if len(values.shape) == 1 else values
