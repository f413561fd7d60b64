"""The retrieval task: tell each query's candidate from other candidates."""

import dataclasses
import inspect
from typing import Any

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.losses import InBatchSoftmax, Negatives, RetrievalLoss, Vectors
from shortlist.ops import MASKED_LOGIT, log_probability
from shortlist.tasks._task import Task, as_list, saved_list
from shortlist.typing import Shape, Tensor

__all__ = ["Retrieval"]


@keras.saving.register_keras_serializable(package="shortlist")
class Retrieval(Task):
    """Compose a retrieval loss, a logQ correction and metrics.

    The task builds what a loss may know of negatives (`losses.Negatives`) and updates the metrics. Options
    such as the temperature belong to the loss.

    Args:
        loss: A `losses.RetrievalLoss`; None for `losses.InBatchSoftmax()`. Wrap a Keras loss in
            `losses.OnLogits`.
        metrics: One or several `FactorizedTopK` over the whole catalog. Not updated while training.
        log_q: Layer from candidate rows `[n]` to their log sampling probabilities, such as
            `layers.StreamingFrequency`. Used when a batch comes without sampling probabilities.
        batch_metrics: Keras metrics of the labels and logits of a batch, `[batch, num_logits]` matrices. The
            loss must have a method `logits`.
        loss_metrics: Keras metrics of the loss.

    Raises:
        ArgumentError: If `loss` is not a retrieval loss, or has no `logits` for `batch_metrics`.

    Example:
        >>> import numpy as np
        >>> task = Retrieval(loss=InBatchSoftmax(temperature=0.5))
        >>> loss = task(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"))
        >>> round(float(loss), 4)  # log(1 + exp(-1 / 0.5))
        0.1269
    """

    def __init__(
        self,
        loss: RetrievalLoss | None = None,
        metrics: Any = None,
        *,
        log_q: keras.layers.Layer | None = None,
        batch_metrics: Any = None,
        loss_metrics: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.supports_jit = keras.config.backend() != "tensorflow"  # XLA has no unique, nor dynamic shapes
        self.loss: Any = InBatchSoftmax() if loss is None else loss
        if isinstance(self.loss, keras.losses.Loss) or not callable(self.loss):
            fix = "Wrap a Keras loss: losses.OnLogits(loss)"
            raise ArgumentError(must("loss", "be a losses.RetrievalLoss", got=repr(loss), fix=fix))
        self._loss_takes_training = "training" in inspect.signature(self.loss).parameters
        self.log_q = log_q
        self.factorized_metrics = as_list(metrics)
        self.batch_metrics, self.loss_metrics = as_list(batch_metrics), as_list(loss_metrics)
        if self.batch_metrics and not hasattr(self.loss, "logits"):
            fix = "Leave batch_metrics out or add the method to the loss"
            raise ArgumentError(
                must("loss", "have a method logits for batch_metrics", got=repr(loss), fix=fix)
            )

    def call(  # noqa: PLR0913 - what a batch may hold
        self,
        query_embeddings: Tensor,
        candidate_embeddings: Tensor,
        *,
        query_mask: Tensor | None = None,
        sample_weight: Tensor | None = None,
        candidate_sampling_probability: Tensor | None = None,
        candidate_ids: Tensor | None = None,
        query_ids: Tensor | None = None,
        score_mask: Tensor | None = None,
        excluded_ids: Tensor | None = None,
        shared: Vectors | None = None,
        per_query: Vectors | None = None,
        num_candidates: int | None = None,
        compute_metrics: bool | None = None,
        compute_batch_metrics: bool = True,
        training: bool | None = None,
    ) -> Tensor:
        """Return the loss of a batch, a scalar, and update the metrics.

        Args:
            query_embeddings: `[batch, dim]`, or `[batch, heads, dim]` for queries of several vectors. With
                `query_mask`, `[batch, length, dim]` or `[batch, length, heads, dim]`.
            candidate_embeddings: `[num_candidates, dim]`, `num_candidates >= batch`; row i is the positive of
                query i, further rows are negatives of all queries. With `query_mask`,
                `[batch, length, dim]`, the positive of each position.
            query_mask: `[batch, length]`, bool, False for padding. Every other position is a query by itself,
                with the query id of its sequence; padding is neither query nor candidate.
            sample_weight: `[batch]`, or `[batch, length]` with `query_mask`; weighs loss and metrics.
            candidate_sampling_probability: `[num_candidates]`, probability of each to be in a batch.
            candidate_ids: `[num_candidates]`, integers, or text under TensorFlow; `[batch, length]` with
                `query_mask`.
            query_ids: `[batch]`, likewise.
            score_mask: `[batch, num_candidates]`, bool; False removes a negative.
            excluded_ids: `[batch, num_excluded]`, candidates that the metrics leave out; padded with -1 or
                empty text.
            shared: Further negatives `[n, dim]` of all queries; their `codes` are ids like `candidate_ids`.
            per_query: Further negatives of each query, `[batch, m, dim]`, or `[batch, length, m, dim]` with
                `query_mask`; their `codes` are ids like `candidate_ids`.
            num_candidates: Number of candidates in the catalog, for losses that need it.
            compute_metrics: Whether to update `metrics`; None for only while not training.
            compute_batch_metrics: Whether to update `batch_metrics`.
            training: Whether this is a training step.

        Raises:
            ArgumentError: If shapes do not fit, or there are more queries than candidates.
        """
        batch = _Batch(
            query_embeddings,
            candidate_embeddings,
            sample_weight,
            candidate_sampling_probability,
            candidate_ids,
            query_ids,
            score_mask,
            excluded_ids,
            shared,
            per_query,
        )
        batch = batch if query_mask is None else batch.flattened(query_mask)
        batch.check_shapes()
        negatives = batch.negatives(self._log_q(batch, training), num_candidates)
        vectors = batch.query_embeddings, batch.candidate_embeddings
        options = {"training": training} if self._loss_takes_training else {}
        loss = self.loss(*vectors, negatives, batch.sample_weight, **options)
        if self.batch_metrics and compute_batch_metrics:
            labels, logits = self.loss.logits(*vectors, negatives)
            for metric in self.batch_metrics:
                metric.update_state(labels, logits, sample_weight=batch.sample_weight)
        for metric in self.loss_metrics:
            metric.update_state(loss)
        if compute_metrics or (compute_metrics is None and not training):
            self._update_factorized(batch)
        return loss

    def __call__(self, *args: Any, **kwargs: Any) -> Tensor:
        """Return the loss of a batch; see `call`. Ids that a tensor would truncate are refused."""
        for name in ("candidate_ids", "query_ids", "excluded_ids"):
            backend.check_ids(name, kwargs.get(name))
        return super().__call__(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "loss": keras.saving.serialize_keras_object(self.loss),
            "metrics": saved_list(self.factorized_metrics),
            "log_q": keras.saving.serialize_keras_object(self.log_q),
            "batch_metrics": saved_list(self.batch_metrics),
            "loss_metrics": saved_list(self.loss_metrics),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Retrieval":
        return cls(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})

    def _log_q(self, batch: "_Batch", training: bool | None) -> Tensor | None:
        if batch.candidate_sampling_probability is not None:
            return log_probability(ops.reshape(batch.candidate_sampling_probability, (-1,)))
        if self.log_q is None or batch.candidate_ids is None:
            return None
        rows = ops.reshape(batch.candidate_ids, (-1,))
        if batch.is_real is None:
            return self.log_q(rows, training=training)
        return self.log_q(ops.where(batch.is_real, rows, 0), training=training, counted=batch.is_real)

    def _update_factorized(self, batch: "_Batch") -> None:
        num_queries, ids = ops.shape(batch.query_embeddings)[0], batch.candidate_ids
        for metric in self.factorized_metrics:
            metric.update_state(
                batch.query_embeddings,
                batch.candidate_embeddings[:num_queries],
                true_candidate_ids=None if ids is None else ids[:num_queries],
                excluded_ids=batch.excluded_ids,
                sample_weight=batch.sample_weight,
            )


@dataclasses.dataclass(frozen=True)
class _Batch:
    """Arguments of `Retrieval.call`, by the same names."""

    query_embeddings: Tensor
    candidate_embeddings: Tensor
    sample_weight: Tensor | None
    candidate_sampling_probability: Tensor | None
    candidate_ids: Tensor | None
    query_ids: Tensor | None
    score_mask: Tensor | None
    excluded_ids: Tensor | None
    shared: Vectors | None
    per_query: Vectors | None
    is_real: Tensor | None = None  # [num_candidates], False for the padding of flattened sequences

    def flattened(self, query_mask: Tensor) -> "_Batch":
        """Return a batch in which each position of a sequence is a query; padding has weight 0."""
        self._check_sequences(query_mask)
        length, is_real = ops.shape(query_mask)[1], _flat(ops.cast(query_mask, "bool"))
        weights = ops.cast(query_mask, "float32")
        if self.sample_weight is not None:
            given = ops.cast(self.sample_weight, "float32")
            weights = weights * (given if len(given.shape) == 2 else ops.expand_dims(given, 1))
        ids, per_query = _flat(self.candidate_ids), self.per_query
        if ids is not None and keras.backend.standardize_dtype(ids.dtype) != "string":
            ids = ops.where(is_real, ids, -1)  # no candidate's id
        if per_query is not None:
            parts = (getattr(per_query, field.name) for field in dataclasses.fields(per_query))
            per_query = Vectors(*map(_flat, parts))
        return dataclasses.replace(
            self,
            query_embeddings=_flat(self.query_embeddings),
            candidate_embeddings=_flat(self.candidate_embeddings),
            sample_weight=_flat(weights),
            candidate_sampling_probability=_flat(self.candidate_sampling_probability),
            candidate_ids=ids,
            query_ids=None if self.query_ids is None else ops.repeat(self.query_ids, length, axis=0),
            excluded_ids=None if self.excluded_ids is None else ops.repeat(self.excluded_ids, length, axis=0),
            per_query=per_query,
            is_real=is_real,
        )

    def negatives(self, log_q: Tensor | None, num_candidates: int | None) -> Negatives:
        """Return what the loss may know of negatives, with codes in place of ids."""
        shared, per_query = self.shared, self.per_query
        codes = _codes(self.candidate_ids, shared and shared.codes, per_query and per_query.codes)
        if self.is_real is not None:
            # Padding gets a correction that leaves it no softmax mass; nothing else changes.
            if log_q is None:
                log_q = ops.zeros(ops.shape(self.is_real), "float32")
                shared, per_query = _with_log_q(shared), _with_log_q(per_query)
            log_q = ops.where(self.is_real, log_q, -MASKED_LOGIT)
        return Negatives(
            log_q=log_q,
            query_codes=None if self.query_ids is None else backend.factorize(self.query_ids),
            candidate_codes=codes[0],
            mask=self.score_mask,
            shared=shared and dataclasses.replace(shared, codes=codes[1]),
            per_query=per_query and dataclasses.replace(per_query, codes=codes[2]),
            num_candidates=num_candidates,
        )

    def check_shapes(self) -> None:
        """Refuse what would broadcast to a wrong loss; sizes that a graph leaves open are not known here."""
        num_queries, num_candidates = self.query_embeddings.shape[0], self.candidate_embeddings.shape[0]
        of_queries = (num_queries,), (num_queries, 1)
        of_candidates = (num_candidates,), (num_candidates, 1)
        for name, allowed in {
            "sample_weight": of_queries,
            "query_ids": of_queries,
            "candidate_sampling_probability": of_candidates,
            "candidate_ids": of_candidates,
            "score_mask": ((num_queries, num_candidates),),
        }.items():
            value = getattr(self, name)
            if value is not None:
                _check_shape(name, value, *allowed)
        if self.per_query is not None:
            _check_shape("per_query.vectors", self.per_query.vectors, (num_queries, None, None))
        if None not in (num_queries, num_candidates) and num_queries > num_candidates:
            got = f"{num_queries} queries and {num_candidates} candidates"
            fix = "Row i is the positive of query i"
            raise ArgumentError(must("candidate_embeddings", "have a row for each query", got=got, fix=fix))

    def _check_sequences(self, query_mask: Tensor) -> None:
        _check_shape("query_mask", query_mask, (None, None))
        sizes = tuple(query_mask.shape)
        of_query = ((*sizes, None), (*sizes, None, None))
        _check_shape("query_embeddings", self.query_embeddings, *of_query)
        _check_shape("candidate_embeddings", self.candidate_embeddings, (*sizes, None))
        if self.per_query is not None:
            _check_shape("per_query.vectors", self.per_query.vectors, (*sizes, None, None))
        if self.score_mask is not None:
            fix = "Padding is masked already"
            raise ArgumentError(must("score_mask", "be None with query_mask", fix=fix))


def _codes(
    candidate_ids: Tensor | None, shared_ids: Tensor | None, per_query_ids: Tensor | None
) -> list[Tensor | None]:
    """Return small integers that are equal exactly where ids are, in their shapes.

    Codes of candidates and shared negatives lie in `[0, n)` for n of them. An id of `per_query_ids` that is
    not among theirs gets -1.
    """
    if candidate_ids is None:
        return [None, None, None]
    groups = [ops.reshape(candidate_ids, (-1,)), shared_ids, per_query_ids]
    if shared_ids is None and per_query_ids is None:
        return [backend.factorize(groups[0]), None, None]
    sizes = [0 if group is None else ops.size(group) for group in groups]
    flat = ops.concatenate([ops.reshape(group, (-1,)) for group in groups if group is not None])
    codes = backend.factorize(flat)
    num_codes = sizes[0] + sizes[1]
    number_of = ops.full(ops.shape(codes), -1, dtype="int32")
    slots = ops.expand_dims(codes[:num_codes], 1)
    number_of = ops.scatter_update(number_of, slots, ops.arange(num_codes, dtype="int32"))
    codes = ops.take(number_of, codes)
    parts = codes[: sizes[0]], codes[sizes[0] : num_codes], codes[num_codes:]
    return [
        None if group is None else ops.reshape(part, ops.shape(group))
        for group, part in zip(groups, parts, strict=True)
    ]


def _with_log_q(drawn: Vectors | None) -> Vectors | None:
    if drawn is None or drawn.log_q is not None:
        return drawn
    return dataclasses.replace(drawn, log_q=ops.zeros(ops.shape(drawn.vectors)[:-1], "float32"))


def _flat(values: Tensor | None) -> Tensor | None:
    """Return `[batch, length, ...]` as `[batch * length, ...]`."""
    return None if values is None else ops.reshape(values, (-1, *ops.shape(values)[2:]))


def _check_shape(name: str, value: Tensor, *allowed: Shape) -> None:
    shape = tuple(value.shape)
    for expected in allowed:
        pairs = zip(shape, expected, strict=False)
        if len(shape) == len(expected) and all(None in pair or pair[0] == pair[1] for pair in pairs):
            return
    raise ArgumentError(must(name, f"have shape {' or '.join(map(str, allowed))}", got=shape))
