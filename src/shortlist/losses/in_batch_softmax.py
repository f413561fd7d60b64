"""The in-batch softmax and its gradients in one pass, in memory linear in the batch."""

import dataclasses
from typing import Any

from keras import ops

from shortlist import backend
from shortlist.ops import MASKED_LOGIT, check_shapes
from shortlist.typing import Tensor

__all__ = ["in_batch_softmax"]

_SCORES_A_CHUNK = 2**21
"""8 MiB of float32 scores: what stays near a core while a chunk is worked on."""


def in_batch_softmax(  # noqa: PLR0913 - the options of one loss, which all work in the same pass
    queries: Tensor,
    candidates: Tensor,
    *,
    temperature: float | None = None,
    candidate_log_probability: Tensor | None = None,
    query_codes: Tensor | None = None,
    candidate_codes: Tensor | None = None,
    score_mask: Tensor | None = None,
    sample_weight: Tensor | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """Mean softmax cross-entropy of each query's own candidate among all candidates of the batch.

    `loss = sum_i w[i] (logsumexp_j logit[i, j] - logit[i, i]) / sum_i w[i]`, where
    `logit[i, j] = queries[i] . candidates[j] / temperature - log q[j]` and j runs over the candidates that
    are not removed. The same as the formula written out with `shortlist.ops`, to float32 rounding. A row of
    logits is complete within a chunk, so softmax and gradients need no second pass and no matrix of the whole
    batch.

    Args:
        queries: `[batch, dim]`.
        candidates: `[num_candidates, dim]`; row i is the positive of query i.
        temperature: What scores are divided by; 1 when None.
        candidate_log_probability: `[num_candidates]`; subtracted from the logits.
        query_codes: `[batch]`, integers equal exactly where the queries' ids are. With them, a negative that
            the batch shows as another positive of the query is removed.
        candidate_codes: `[num_candidates]`, integers in `[0, num_candidates)`, equal exactly where the
            candidates' ids are. With them, a negative that is the positive's item is removed.
        score_mask: `[batch, num_candidates]`, bool; False removes a negative.
        sample_weight: `[batch]`; 1 for each when None.
        label_smoothing: Share of the label that is spread over the candidates that are not removed.
        reduction: `"mean"`, or `"sum"` for the sum over queries, each times its weight.

    Returns:
        The loss, a scalar, float32.

    Example:
        >>> import numpy as np
        >>> round(float(in_batch_softmax(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"))), 4)
        0.3133

    Raises:
        ArgumentError: When the vectors' ranks or widths do not fit.

    Source: as `shortlist.tasks.Retrieval`; softmax and gradient in one pass follow from the closed form
    `d loss / d logit = softmax - label`.
    """
    check_shapes(queries, candidates)
    queries, candidates = ops.cast(queries, "float32"), ops.cast(candidates, "float32")
    if candidate_codes is None and query_codes is not None:  # each candidate an item of its own
        candidate_codes = ops.arange(ops.shape(candidates)[0], dtype="int32")
    chunk = _Chunk(
        scale=1.0 if temperature is None else 1.0 / temperature,
        log_probability=_tensor(candidate_log_probability),
        query_codes=_tensor(query_codes),
        candidate_codes=_tensor(candidate_codes),
        label_smoothing=label_smoothing,
    )
    rows = {
        "weight": _weights(sample_weight, ops.shape(queries)[0], reduction),
        **({} if query_codes is None else {"query_code": _tensor(query_codes)}),
        **({} if score_mask is None else {"is_kept": ops.cast(score_mask, "bool")}),
    }
    return _loss_of(chunk, rows)(queries, candidates)


def _loss_of(chunk: "_Chunk", rows: dict[str, Tensor]) -> Any:
    @ops.custom_gradient
    def loss_of(queries: Tensor, candidates: Tensor) -> tuple[Tensor, Any]:
        def step(carry: tuple[Tensor, Tensor], part: dict[str, Tensor], start: Tensor | int) -> Any:
            loss, by_candidates = carry
            part_loss, by_queries, part_by_candidates = chunk.loss_and_gradients(candidates, part, start)
            return (loss + part_loss, by_candidates + part_by_candidates), by_queries

        start = (ops.zeros((), "float32"), ops.zeros_like(candidates))
        num_rows = _rows_a_chunk(ops.shape(candidates)[0])
        (loss, by_candidates), by_queries = backend.over_chunks(
            step, start, {"query": queries, **rows}, num_rows
        )

        def gradient(*arguments: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, Tensor]:
            factor = arguments[0] if upstream is None else upstream
            return factor * by_queries, factor * by_candidates

        return loss, gradient

    return loss_of


@dataclasses.dataclass(frozen=True)
class _Chunk:
    """What is the same for every chunk of queries."""

    scale: float
    log_probability: Tensor | None
    query_codes: Tensor | None
    candidate_codes: Tensor | None
    label_smoothing: float

    def loss_and_gradients(
        self, candidates: Tensor, part: dict[str, Tensor], start: Tensor | int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Loss of the chunk's queries, its gradient by them and by all candidates."""
        own = start + ops.arange(ops.shape(part["query"])[0], dtype="int32")
        logits = self._logits(part["query"], candidates)
        positive = ops.take_along_axis(logits, ops.expand_dims(own, 1), axis=1)
        logits = self._masked(logits, part, own)
        largest = ops.max(logits, axis=1, keepdims=True)
        mass = ops.exp(logits - largest)
        total = ops.sum(mass, axis=1, keepdims=True)
        weight = ops.expand_dims(part["weight"], 1)
        loss = largest + ops.log(total) - positive
        by_logits = mass * (weight / total)
        if self.label_smoothing:
            spread = self._spread(logits)
            smooth = ops.sum(spread * ops.where(spread > 0, logits, 0.0), axis=1, keepdims=True)
            loss = loss + (self.label_smoothing * positive - smooth)
            by_logits = by_logits - weight * spread
        return ops.sum(weight * loss), *self._by_vectors(by_logits, weight, part["query"], candidates, own)

    def _logits(self, queries: Tensor, candidates: Tensor) -> Tensor:
        logits = ops.matmul(queries * self.scale, ops.transpose(candidates))
        return logits if self.log_probability is None else logits - ops.expand_dims(self.log_probability, 0)

    def _masked(self, logits: Tensor, part: dict[str, Tensor], own: Tensor) -> Tensor:
        removed = self._removed(part, own)
        if removed is None:
            return logits
        columns = ops.arange(ops.shape(logits)[1], dtype="int32")
        is_negative = ops.expand_dims(own, 1) != ops.expand_dims(columns, 0)
        return ops.where(ops.logical_and(removed, is_negative), MASKED_LOGIT, logits)

    def _removed(self, part: dict[str, Tensor], own: Tensor) -> Tensor | None:
        removed = None if "is_kept" not in part else ops.logical_not(part["is_kept"])
        known = self._known_positives(part, own)
        if removed is None or known is None:
            return known if removed is None else removed
        return ops.logical_or(removed, known)

    def _known_positives(self, part: dict[str, Tensor], own: Tensor) -> Tensor | None:
        if self.candidate_codes is None:
            return None
        if self.query_codes is None:
            own_codes = ops.expand_dims(ops.take(self.candidate_codes, own), 1)
            return own_codes == ops.expand_dims(self.candidate_codes, 0)
        same_query = ops.expand_dims(self.query_codes, 1) == ops.expand_dims(part["query_code"], 0)
        return backend.any_by_code(
            same_query, self.candidate_codes[: ops.shape(self.query_codes)[0]], self.candidate_codes
        )

    def _spread(self, logits: Tensor) -> Tensor:
        kept = ops.cast(logits > MASKED_LOGIT / 2, logits.dtype)
        return self.label_smoothing * kept / ops.sum(kept, axis=1, keepdims=True)

    def _by_vectors(
        self, by_logits: Tensor, weight: Tensor, queries: Tensor, candidates: Tensor, own: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Gradients by vectors; the label's part, one column a row, needs no matrix of labels."""
        label = weight * (1.0 - self.label_smoothing)
        by_queries = ops.matmul(by_logits, candidates) - label * ops.take(candidates, own, axis=0)
        by_candidates = ops.matmul(ops.transpose(by_logits), queries)
        by_candidates = backend.add_at_rows(by_candidates, own, -label * queries)
        return self.scale * by_queries, self.scale * by_candidates


def _rows_a_chunk(num_candidates: Tensor | int) -> Tensor | int:
    """A number where the size is known, as compilers of fixed shapes need it."""
    if isinstance(num_candidates, int):
        return max(1, _SCORES_A_CHUNK // num_candidates)
    return ops.maximum(1, _SCORES_A_CHUNK // num_candidates)


def _tensor(value: Tensor | None) -> Tensor | None:
    return None if value is None else ops.convert_to_tensor(value)


def _weights(sample_weight: Tensor | None, num_queries: Tensor | int, reduction: str) -> Tensor:
    """`[batch]`, what each query's loss counts in the result; all 0 when the sample weights are."""
    if sample_weight is None:
        weights = ops.ones((num_queries,), "float32")
    else:
        weights = ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
    return weights if reduction == "sum" else ops.divide_no_nan(weights, ops.sum(weights))
