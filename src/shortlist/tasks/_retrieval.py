"""The retrieval task: tell each query's candidate from the others of the batch."""

from typing import Any

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.losses import in_batch_softmax
from shortlist.ops import (
    accidental_hits,
    correct_logits,
    false_negatives,
    keep_hard_negatives,
    log_probability,
    mask_logits,
    pairwise_scores,
    positives,
    softmax_cross_entropy,
    weighted_mean,
    weighted_sum,
)
from shortlist.tasks._task import Task, as_list, saved_list
from shortlist.typing import Tensor

__all__ = ["Retrieval"]


@keras.saving.register_keras_serializable(package="shortlist")
class Retrieval(Task):
    """Softmax over the candidates of the batch, each query's own candidate being the right one.

    `loss = mean_i -log softmax_j(score[i, j] / temperature - log q[j])[i]`

    In this order: scores, temperature, correction for sampling probabilities, masking of negatives that are
    no negatives, choice of hard negatives, loss.

    Args:
        loss: A Keras loss of labels and logits, such as
            `keras.losses.CategoricalCrossentropy(from_logits=True)`; the softmax cross-entropy above, in its
            mean over examples, when None.
        metrics: `FactorizedTopK` over the whole catalog, one or several. They are not updated while
            training.
        batch_metrics: Keras metrics of the labels and logits of a batch.
        loss_metrics: Keras metrics of the loss.
        temperature: What scores are divided by; lower is sharper.
        num_hard_negatives: Train against only this many negatives of highest logit for each query; all when
            None.
        remove_accidental_hits: Whether a negative with the id of the positive leaves the softmax, where ids
            are given.
        remove_false_negatives: Whether a negative that the batch shows as another positive of the same query
            leaves the softmax, where query ids are given.
        label_smoothing: Share of the label that is spread over the candidates that are not masked, in `[0,
            1)`.
        frequencies: A layer from candidate rows to log sampling probabilities, such as
            `layers.StreamingFrequency`; it is asked when no probabilities are given.
        reduction: Of the default loss over the queries of a batch: `"mean"` or `"sum"`.

    Raises:
        ArgumentError: When temperature, label smoothing, reduction or the number of hard negatives is out of
            range.

    Example:
        >>> import numpy as np
        >>> task = Retrieval()
        >>> loss = task(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"))
        >>> round(float(loss), 4)  # log(1 + exp(-1))
        0.3133

    Source: Covington et al., Deep Neural Networks for YouTube Recommendations, 2016; Yi et al.,
        Sampling-Bias-Corrected
    Neural Modeling, 2019.
    """

    def __init__(  # noqa: PLR0913 - TFRS's arguments, and ours next to them
        self,
        loss: keras.losses.Loss | None = None,
        metrics: Any = None,
        *,
        batch_metrics: Any = None,
        loss_metrics: Any = None,
        temperature: float | None = None,
        num_hard_negatives: int | None = None,
        remove_accidental_hits: bool = True,
        remove_false_negatives: bool = True,
        label_smoothing: float = 0.0,
        frequencies: keras.layers.Layer | None = None,
        reduction: str = "mean",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check_ranges(temperature, num_hard_negatives, label_smoothing)
        if reduction not in ("mean", "sum"):
            raise ArgumentError(f"reduction came as {reduction!r}; expected 'mean' or 'sum'.")
        self.reduction = reduction
        self.loss = loss
        self.factorized_metrics = as_list(metrics)
        self.batch_metrics, self.loss_metrics = as_list(batch_metrics), as_list(loss_metrics)
        self.temperature, self.num_hard_negatives = temperature, num_hard_negatives
        self.remove_accidental_hits = remove_accidental_hits
        self.remove_false_negatives = remove_false_negatives
        self.label_smoothing, self.frequencies = label_smoothing, frequencies

    def call(  # noqa: PLR0913 - TFRS's arguments, and ours next to them
        self,
        query_embeddings: Tensor,
        candidate_embeddings: Tensor,
        *,
        sample_weight: Tensor | None = None,
        candidate_sampling_probability: Tensor | None = None,
        candidate_ids: Tensor | None = None,
        query_ids: Tensor | None = None,
        score_mask: Tensor | None = None,
        excluded_ids: Tensor | None = None,
        compute_metrics: bool | None = None,
        compute_batch_metrics: bool = True,
        training: bool | None = None,
    ) -> Tensor:
        """The loss of a batch; the metrics are updated on the way.

        Args:
            query_embeddings: `[batch, dim]`, or `[batch, heads, dim]` for queries of several vectors.
            candidate_embeddings: `[num_candidates, dim]`, `num_candidates >= batch`; row i is the positive of
                query i, the rows beyond the batch are negatives for all.
            sample_weight: `[batch]`; weighs loss and metrics.
            candidate_sampling_probability: `[num_candidates]`, the chance of each to be in a batch.
            candidate_ids: `[num_candidates]`, integers, or text under TensorFlow.
            query_ids: `[batch]`, the same.
            score_mask: `[batch, num_candidates]`, bool; False takes a negative out of the softmax.
            excluded_ids: `[batch, num_excluded]`, candidates that the metrics leave out; padded with -1 or
                empty text.
            compute_metrics: Whether to update the catalog metrics; when None, only while not training.
            compute_batch_metrics: Whether to update the batch metrics.
            training: Whether this is a training step; passed on by `Model`.

        Returns:
            The loss, a scalar.

        Raises:
            ArgumentError: When shapes do not fit, or there are more queries than candidates.
        """
        _check_lengths(
            query_embeddings,
            candidate_embeddings,
            {"sample_weight": sample_weight, "query_ids": query_ids},
            {
                "candidate_sampling_probability": candidate_sampling_probability,
                "candidate_ids": candidate_ids,
            },
            score_mask,
        )
        arguments: dict[str, Any] = {
            "temperature": self.temperature,
            "candidate_log_probability": self._log_probability(
                candidate_sampling_probability, candidate_ids, training
            ),
            **self._codes(query_ids, candidate_ids),
            "score_mask": score_mask,
        }
        batch_metrics = self.batch_metrics if compute_batch_metrics else []
        if self.loss is not None or batch_metrics:
            logits, labels = self._labeled(_logits(query_embeddings, candidate_embeddings, **arguments))
            loss = self._loss_of(labels, logits, sample_weight)
            for metric in batch_metrics:
                metric.update_state(labels, logits, sample_weight=sample_weight)
        else:
            arguments |= {
                "sample_weight": sample_weight,
                "num_hard_negatives": self.num_hard_negatives,
                "label_smoothing": self.label_smoothing,
                "reduction": self.reduction,
                "with_gradients": training is not False,
            }
            loss = in_batch_softmax(query_embeddings, candidate_embeddings, **arguments)
        for metric in self.loss_metrics:
            metric.update_state(loss)
        if compute_metrics or (compute_metrics is None and not training):
            self._update_factorized(
                query_embeddings, candidate_embeddings, candidate_ids, excluded_ids, sample_weight
            )
        return loss

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """The loss of a batch; see `call`.

        Ids that a tensor would cut short are refused before they become one.

        Args:
            *args: As in `call`.
            **kwargs: As in `call`.

        Returns:
            The loss, a scalar.
        """
        for name in ("candidate_ids", "query_ids", "excluded_ids"):
            backend.check_ids(name, kwargs.get(name))
        return super().__call__(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """What makes the task again.

        Returns:
            The constructor's arguments.
        """
        return {
            **super().get_config(),
            "loss": keras.saving.serialize_keras_object(self.loss),
            "metrics": saved_list(self.factorized_metrics),
            "batch_metrics": saved_list(self.batch_metrics),
            "loss_metrics": saved_list(self.loss_metrics),
            "temperature": self.temperature,
            "num_hard_negatives": self.num_hard_negatives,
            "remove_accidental_hits": self.remove_accidental_hits,
            "remove_false_negatives": self.remove_false_negatives,
            "label_smoothing": self.label_smoothing,
            "frequencies": keras.saving.serialize_keras_object(self.frequencies),
            "reduction": self.reduction,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Retrieval":
        """Make the task from its configuration.

        Args:
            config: What `get_config` returned.

        Returns:
            A task with new metrics.
        """
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})

    def _log_probability(
        self, probability: Tensor | None, candidate_ids: Tensor | None, training: bool | None
    ) -> Tensor | None:
        if probability is not None:
            return log_probability(ops.reshape(probability, (-1,)))
        if self.frequencies is not None and candidate_ids is not None:
            return self.frequencies(ops.reshape(candidate_ids, (-1,)), training=training)
        return None

    def _codes(self, query_ids: Tensor | None, candidate_ids: Tensor | None) -> dict[str, Tensor | None]:
        """Codes of the ids that remove negatives."""
        has_queries = self.remove_false_negatives and query_ids is not None
        has_candidates = (has_queries or self.remove_accidental_hits) and candidate_ids is not None
        return {
            "query_codes": backend.factorize(query_ids) if has_queries else None,
            "candidate_codes": backend.factorize(candidate_ids) if has_candidates else None,
        }

    def _labeled(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        if self.num_hard_negatives is not None:
            return keep_hard_negatives(logits, self.num_hard_negatives)
        return logits, ops.cast(positives(*ops.shape(logits)), logits.dtype)

    def _loss_of(self, labels: Tensor, logits: Tensor, sample_weight: Tensor | None) -> Tensor:
        if self.loss is not None:
            return self.loss(labels, logits, sample_weight=sample_weight)
        per_example = softmax_cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        reduce = weighted_mean if self.reduction == "mean" else weighted_sum
        return reduce(per_example, sample_weight)

    def _update_factorized(
        self,
        queries: Tensor,
        candidates: Tensor,
        candidate_ids: Tensor | None,
        excluded_ids: Tensor | None,
        sample_weight: Tensor | None,
    ) -> None:
        batch = ops.shape(queries)[0]
        for metric in self.factorized_metrics:
            metric.update_state(
                queries,
                candidates[:batch],
                true_candidate_ids=None if candidate_ids is None else candidate_ids[:batch],
                excluded_ids=excluded_ids,
                sample_weight=sample_weight,
            )


def _logits(
    queries: Tensor,
    candidates: Tensor,
    *,
    temperature: float | None,
    candidate_log_probability: Tensor | None,
    query_codes: Tensor | None,
    candidate_codes: Tensor | None,
    score_mask: Tensor | None,
) -> Tensor:
    """Logits of the whole batch, corrected and masked."""
    logits = pairwise_scores(queries, candidates)
    if temperature is not None:
        logits = logits / temperature
    if candidate_log_probability is not None:
        logits = correct_logits(logits, candidate_log_probability)
    if score_mask is not None:
        logits = mask_logits(logits, ops.logical_not(ops.cast(score_mask, "bool")))
    if query_codes is not None:
        if candidate_codes is None:  # each candidate an item of its own
            candidate_codes = ops.arange(ops.shape(logits)[1], dtype="int32")
        return mask_logits(logits, false_negatives(query_codes, candidate_codes))
    if candidate_codes is not None:
        return mask_logits(logits, accidental_hits(candidate_codes, ops.shape(logits)[0]))
    return logits


def _check_ranges(temperature: float | None, num_hard_negatives: int | None, label_smoothing: float) -> None:
    if temperature is not None and not temperature > 0:
        raise ArgumentError(f"temperature came as {temperature!r}; expected a number above 0, or None for 1.")
    if num_hard_negatives is not None and num_hard_negatives < 1:
        raise ArgumentError(
            f"num_hard_negatives came as {num_hard_negatives!r}; expected at least 1, or None for all."
        )
    if not 0 <= label_smoothing < 1:
        raise ArgumentError(f"label_smoothing came as {label_smoothing!r}; expected a share in [0, 1).")


def _check_lengths(
    queries: Tensor,
    candidates: Tensor,
    per_query: dict[str, Tensor | None],
    per_candidate: dict[str, Tensor | None],
    score_mask: Tensor | None,
) -> None:
    """Refuse what would broadcast without a word; sizes that a graph leaves open are not known here."""
    num_queries, num_candidates = queries.shape[0], candidates.shape[0]
    for arguments, size in ((per_query, num_queries), (per_candidate, num_candidates)):
        for name, value in arguments.items():
            if value is not None:
                _check_shape(name, tuple(value.shape), ((size,), (size, 1)))
    if score_mask is not None:
        _check_shape("score_mask", tuple(score_mask.shape), ((num_queries, num_candidates),))
    if None not in (num_queries, num_candidates) and num_queries > num_candidates:
        raise ArgumentError(
            f"{num_queries} queries came with {num_candidates} candidates; expected at least one candidate "
            "a query, "
            "the positive of query i in row i."
        )


def _check_shape(
    name: str, shape: tuple[int | None, ...], allowed: tuple[tuple[int | None, ...], ...]
) -> None:
    for expected in allowed:
        if len(shape) == len(expected) and all(
            None in pair or pair[0] == pair[1] for pair in zip(shape, expected, strict=True)
        ):
            return
    raise ArgumentError(f"{name} came with shape {shape}; expected {' or '.join(map(str, allowed))}.")
