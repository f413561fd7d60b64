"""The in-batch softmax and its gradients in one pass, in memory linear in the batch."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from keras import ops

from shortlist import backend
from shortlist.losses.softmax_chunk import SoftmaxChunk, share_of_heads
from shortlist.ops import check_shapes, rows_a_chunk
from shortlist.typing import Tensor

__all__ = ["in_batch_softmax"]

_SMALL = 50.0
"""Logits within it have exponentials, and sums and products of them, that float32 holds to full precision."""


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
    num_hard_negatives: int | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    with_gradients: bool = True,
) -> Tensor:
    """Mean softmax cross-entropy of each query's own candidate among all candidates of the batch.

    `loss = sum_i w[i] (logsumexp_j logit[i, j] - logit[i, i]) / sum_i w[i]`, where
    `logit[i, j] = queries[i] . candidates[j] / temperature - log q[j]` and j runs over the candidates that
    are not removed. The same as the formula written out with `shortlist.ops`, to float32 rounding. A row of
    logits is complete within a chunk, so softmax and gradients need no second pass and no matrix of the whole
    batch.

    Args:
        queries: `[batch, dim]`, or `[batch, heads, dim]` for queries of several vectors, of which the best
            scores.
        candidates: `[num_candidates, dim]`; row i is the positive of query i.
        temperature: What scores are divided by; 1 when None.
        candidate_log_probability: `[num_candidates]`; subtracted from the logits.
        query_codes: `[batch]`, integers equal exactly where the queries' ids are. With them, a negative that
            the batch shows as another positive of the query is removed.
        candidate_codes: `[num_candidates]`, integers in `[0, num_candidates)`, equal exactly where the
            candidates' ids are. With them, a negative that is the positive's item is removed.
        score_mask: `[batch, num_candidates]`, bool; False removes a negative.
        sample_weight: `[batch]`; 1 for each when None.
        num_hard_negatives: How many negatives of highest logit are left in a row; all when None.
        label_smoothing: Share of the label that is spread over the candidates that are not removed.
        reduction: `"mean"`, or `"sum"` for the sum over queries, each times its weight.
        with_gradients: Whether the gradients are computed together with the loss, as training wants it. If
            not, they are computed when asked for, and cost the loss once more.

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
    queries = queries if len(queries.shape) == 3 else ops.expand_dims(queries, 1)
    num_candidates = ops.shape(candidates)[0]
    options = {
        "scale": 1.0 if temperature is None else 1.0 / temperature,
        "log_probability": _tensor(candidate_log_probability),
        "places": backend.PositivePlaces(num_candidates, _tensor(candidate_codes), _tensor(query_codes)),
        "num_hard_negatives": num_hard_negatives,
        "label_smoothing": label_smoothing,
    }
    rows = {"weight": _weights(sample_weight, ops.shape(queries)[0], reduction)}
    if score_mask is not None:
        rows["is_kept"] = ops.cast(score_mask, "bool")
    return _differentiable(options, rows, with_gradients)(queries, candidates)


def _differentiable(options: dict[str, Any], rows: dict[str, Tensor], with_gradients: bool) -> Any:
    """The loss as a function of `[batch, heads, dim]` and `[num_candidates, dim]`, with its own gradient."""

    @ops.custom_gradient
    def loss_of(queries: Tensor, candidates: Tensor) -> tuple[Tensor, Any]:
        batch = _Batch(SoftmaxChunk(candidates, **options), queries, rows)
        loss, gradients = batch.loss_and_gradients() if with_gradients else (batch.loss(), None)

        def gradient(*arguments: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, Tensor]:
            factor = arguments[0] if upstream is None else upstream
            by_queries, by_candidates = batch.loss_and_gradients()[1] if gradients is None else gradients
            return factor * by_queries, factor * by_candidates

        return loss, gradient

    return loss_of


class _Batch:
    """A batch in chunks of queries. Positives, one a row, are worked out for all rows at once."""

    def __init__(self, chunk: SoftmaxChunk, queries: Tensor, rows: dict[str, Tensor]) -> None:
        self._chunk, self._queries = chunk, queries
        num_queries, heads, _ = ops.shape(queries)
        self._own = ops.expand_dims(chunk.candidates[:num_queries], 1)
        self._products = ops.sum(queries * self._own, axis=2, keepdims=True)
        positive = chunk.scale * ops.max(self._products, axis=1)
        if chunk.log_probability is not None:
            positive = positive - ops.expand_dims(chunk.log_probability[:num_queries], 1)
        self._rows = {"query": queries, "positive": positive, **rows}
        self._size = rows_a_chunk(num_queries, heads * ops.shape(chunk.candidates)[0])

    def loss(self) -> Tensor:
        """The weighted sum of the losses."""

        def over_chunks(chunk: SoftmaxChunk) -> Tensor:
            def step(carry: tuple[()], part: dict[str, Tensor], first: Tensor | int) -> Any:
                return carry, (chunk.losses(part, first),)

            return backend.over_chunks(step, (), self._rows, self._size)[1][0]

        return ops.sum(self._as_logits_are(over_chunks))

    def loss_and_gradients(self) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The same, and its gradients by queries and candidates."""

        def over_chunks(chunk: SoftmaxChunk) -> tuple[Tensor, ...]:
            def step(carry: tuple[Tensor], part: dict[str, Tensor], first: Tensor | int) -> Any:
                losses, gradients = chunk.losses_and_gradients(part, first)
                by_candidates = carry[0] + gradients.by_candidates
                return (by_candidates,), (losses, gradients.by_queries, gradients.by_positive)

            start = (ops.zeros_like(ops.transpose(chunk.candidates)),)
            return sum(backend.over_chunks(step, start, self._rows, self._size, ("float32",) * 3), ())

        by_candidates, losses, by_queries, by_positive = self._as_logits_are(over_chunks)
        return ops.sum(losses), self._with_positives(by_queries, ops.transpose(by_candidates), by_positive)

    def _as_logits_are(self, function: Callable[[SoftmaxChunk], Any]) -> Any:
        """What a function gives for the chunk, which is spared a pass where all logits are small."""
        if backend.FUSES_PASSES:
            return function(self._chunk)
        lengths = (ops.max(ops.norm(vectors, axis=-1)) for vectors in (self._queries, self._chunk.candidates))
        largest = abs(self._chunk.scale) * math.prod(lengths)
        if self._chunk.log_probability is not None:
            largest = largest + ops.max(ops.abs(self._chunk.log_probability))
        small = dataclasses.replace(self._chunk, are_small=True)
        return ops.cond(largest < _SMALL, lambda: function(small), lambda: function(self._chunk))

    def _with_positives(
        self, by_queries: Tensor, by_candidates: Tensor, by_positive: Tensor
    ) -> tuple[Tensor, Tensor]:
        by_heads = self._chunk.scale * ops.expand_dims(by_positive, 1) * share_of_heads(self._products)
        by_own = ops.sum(by_heads * self._queries, axis=1)
        num_others = ops.shape(by_candidates)[0] - ops.shape(by_own)[0]
        by_queries = self._chunk.scale * by_queries + by_heads * self._own
        return by_queries, self._chunk.scale * by_candidates + ops.pad(by_own, [[0, num_others], [0, 0]])


def _tensor(value: Tensor | None) -> Tensor | None:
    return None if value is None else ops.convert_to_tensor(value)


def _weights(sample_weight: Tensor | None, num_queries: Tensor | int, reduction: str) -> Tensor:
    """`[batch, 1]`, what each query's loss counts in the result; all 0 when the sample weights are."""
    if sample_weight is None:
        weights = ops.ones((num_queries, 1), "float32")
    else:
        weights = ops.reshape(ops.cast(sample_weight, "float32"), (-1, 1))
    return weights if reduction == "sum" else ops.divide_no_nan(weights, ops.sum(weights))
