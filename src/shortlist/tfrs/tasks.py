"""`tfrs.tasks`."""

from typing import Any

import keras

from shortlist import losses, tasks
from shortlist.errors import ArgumentError, must
from shortlist.tasks._task import as_list
from shortlist.typing import Tensor

__all__ = ["Ranking", "RankingTask", "Retrieval", "RetrievalTask", "Task"]

Task = tasks.Task


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class Retrieval(Task):
    """`tasks.Retrieval` with the arguments and the loss of TensorFlow Recommenders: summed over the batch.

    Args:
        loss: A Keras loss of labels and logits; categorical cross-entropy from logits, summed, when None.
        metrics: `FactorizedTopK`, one or several.
        batch_metrics: Keras metrics of labels and logits of a batch.
        loss_metrics: Keras metrics of the loss.
        temperature: What scores are divided by.
        num_hard_negatives: Train against only this many negatives.
        remove_accidental_hits: Mask negatives that have the positive's id; `candidate_ids` are then required.
        name: Name of the layer.

    Example:
        >>> import numpy as np
        >>> vectors = np.eye(2, dtype="float32")
        >>> round(float(Retrieval()(vectors, vectors)), 4)  # 2 log(1 + exp(-1))
        0.6265
    """

    def __init__(
        self,
        loss: keras.losses.Loss | None = None,
        metrics: Any = None,
        batch_metrics: Any = None,
        loss_metrics: Any = None,
        temperature: float | None = None,
        num_hard_negatives: int | None = None,
        remove_accidental_hits: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self._allow_non_tensor_positional_args = True  # compute_metrics may come by position there
        self._options: dict[str, Any] = {
            "temperature": temperature,
            "num_hard_negatives": num_hard_negatives,
            "remove_accidental_hits": remove_accidental_hits,
        }
        summed = losses.InBatchSoftmax(**self._options, reduction="sum") if loss is None else None
        self._requires_ids = remove_accidental_hits
        self.wrapped = tasks.Retrieval(
            summed or losses.OnLogits(loss, **self._options),
            metrics,
            batch_metrics=batch_metrics,
            loss_metrics=loss_metrics,
        )

    @property
    def factorized_metrics(self) -> list[Any]:
        """The catalog metrics; one metric or a list may be set."""
        return self.wrapped.factorized_metrics

    @factorized_metrics.setter
    def factorized_metrics(self, value: Any) -> None:
        self.wrapped.factorized_metrics = as_list(value)

    def call(
        self,
        query_embeddings: Tensor,
        candidate_embeddings: Tensor,
        sample_weight: Tensor | None = None,
        candidate_sampling_probability: Tensor | None = None,
        candidate_ids: Tensor | None = None,
        compute_metrics: bool = True,
        compute_batch_metrics: bool = True,
        score_mask: Tensor | None = None,
    ) -> Tensor:
        """Return the loss of a batch; see `shortlist.tasks.Retrieval.call`.

        Args:
            query_embeddings: `[batch, dim]` or `[batch, heads, dim]`.
            candidate_embeddings: `[num_candidates, dim]`.
            sample_weight: `[batch]`.
            candidate_sampling_probability: `[num_candidates]`.
            candidate_ids: `[num_candidates]`.
            compute_metrics: False leaves the catalog metrics alone; True updates them in evaluation.
            compute_batch_metrics: Whether to update the batch metrics.
            score_mask: `[batch, num_candidates]`, bool.

        Returns:
            The loss, a scalar.

        Raises:
            ArgumentError: If `remove_accidental_hits` is set and there are no `candidate_ids`.
        """
        if self._requires_ids and candidate_ids is None:
            fix = "Pass candidate_ids or set remove_accidental_hits=False"
            raise ArgumentError(must("candidate_ids", "be given to remove accidental hits", fix=fix))
        return self.wrapped(
            query_embeddings,
            candidate_embeddings,
            sample_weight=sample_weight,
            candidate_sampling_probability=candidate_sampling_probability,
            candidate_ids=candidate_ids,
            score_mask=score_mask,
            compute_metrics=None if compute_metrics else False,
            compute_batch_metrics=compute_batch_metrics,
        )

    def get_config(self) -> dict[str, Any]:
        config = self.wrapped.get_config()
        kept = {name: config[name] for name in ("metrics", "batch_metrics", "loss_metrics")}
        loss = keras.saving.serialize_keras_object(getattr(self.wrapped.loss, "loss", None))
        return {**super().get_config(), **kept, "loss": loss, **self._options}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Retrieval":
        """Make the task from its configuration.

        Args:
            config: What `get_config` returned.

        Returns:
            A task with new metrics.
        """
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


@keras.saving.register_keras_serializable(package="shortlist.tfrs")
class Ranking(Task):
    """`tasks.Ranking` with the argument order of TensorFlow Recommenders.

    Args:
        loss: A Keras loss; binary cross-entropy when None.
        metrics: Metrics of labels and predictions.
        prediction_metrics: Metrics of the predictions.
        label_metrics: Metrics of the labels.
        loss_metrics: Metrics of the loss.
        name: Name of the layer.

    Example:
        >>> import keras, numpy as np
        >>> task = Ranking(loss=keras.losses.MeanSquaredError())
        >>> float(task(labels=np.float32([4, 2]), predictions=np.float32([3, 2])))
        0.5
    """

    def __init__(
        self,
        loss: keras.losses.Loss | None = None,
        metrics: Any = None,
        prediction_metrics: Any = None,
        label_metrics: Any = None,
        loss_metrics: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        self._allow_non_tensor_positional_args = True  # compute_metrics may come by position there
        self.wrapped = tasks.Ranking(
            loss,
            metrics,
            prediction_metrics=prediction_metrics,
            label_metrics=label_metrics,
            loss_metrics=loss_metrics,
        )

    def call(
        self,
        labels: Tensor,
        predictions: Tensor,
        sample_weight: Tensor | None = None,
        training: bool | None = None,
        compute_metrics: bool = True,
    ) -> Tensor:
        """Return the loss of a batch; see `shortlist.tasks.Ranking.call`.

        Args:
            labels: `[batch]` or `[batch, outputs]`.
            predictions: The same.
            sample_weight: `[batch]`.
            training: Whether this is a training step; nothing depends on it.
            compute_metrics: Whether to update the metrics.

        Returns:
            The loss, a scalar.
        """
        return self.wrapped(labels, predictions, sample_weight=sample_weight, compute_metrics=compute_metrics)

    def get_config(self) -> dict[str, Any]:
        names = ("loss", "metrics", "prediction_metrics", "label_metrics", "loss_metrics")
        config = self.wrapped.get_config()
        return {**super().get_config(), **{name: config[name] for name in names}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Ranking":
        """Make the task from its configuration.

        Args:
            config: What `get_config` returned.

        Returns:
            A task with new metrics.
        """
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})


RetrievalTask, RankingTask = Retrieval, Ranking  # their names in the first release
