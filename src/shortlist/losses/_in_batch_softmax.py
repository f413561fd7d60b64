"""The in-batch softmax and its gradients in one pass, in memory linear in the batch."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from shortlist import backend
from shortlist.losses._examples import Examples
from shortlist.losses._softmax_chunk import RowSums, SoftmaxChunk, share_of_heads
from shortlist.ops import check_shapes, rows_per_chunk
from shortlist.typing import Tensor

__all__ = ["in_batch_softmax"]

_MANY = 1024
"""From so many candidates on, a compiler of fixed shapes makes a function for each quarter of them."""


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

    Vectors that stand several times in the batch, as those of popular items and of active users do, are
    scored once: equal queries share a row of logits, and equal candidates a column that counts as many times.

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
    options = _Options(
        scale=1.0 if temperature is None else 1.0 / temperature,
        log_probability=_tensor(candidate_log_probability),
        query_codes=_tensor(query_codes),
        candidate_codes=_tensor(candidate_codes),
        is_kept=None if score_mask is None else ops.cast(score_mask, "bool"),
        weight=_weights(sample_weight, ops.shape(queries)[0], reduction),
        num_hard_negatives=num_hard_negatives,
        label_smoothing=label_smoothing,
    )

    @ops.custom_gradient
    def loss_of(queries: Tensor, candidates: Tensor) -> tuple[Tensor, Any]:
        batch = _Batch(queries, candidates, options)
        loss, gradients = batch.loss_and_gradients() if with_gradients else (batch.loss(), None)

        def gradient(*arguments: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, Tensor]:
            factor = arguments[0] if upstream is None else upstream
            by_queries, by_candidates = batch.loss_and_gradients()[1] if gradients is None else gradients
            return factor * by_queries, factor * by_candidates

        return loss, gradient

    return loss_of(queries, candidates)


@dataclasses.dataclass(frozen=True)
class _Options:
    scale: float
    log_probability: Tensor | None
    query_codes: Tensor | None
    candidate_codes: Tensor | None
    is_kept: Tensor | None
    weight: Tensor
    num_hard_negatives: int | None
    label_smoothing: float

    @property
    def are_positives_masked(self) -> bool:
        """Whether a positive is taken out of its row of logits, to be dealt with by itself."""
        has_codes = self.query_codes is not None or self.candidate_codes is not None
        return bool(has_codes or self.num_hard_negatives or self.label_smoothing) or self.is_kept is not None


class _Codes(NamedTuple):
    """Whose positives are masked: all that are items of the same query."""

    queries: Tensor
    items: Tensor

    @classmethod
    def of(cls, options: _Options, num_queries: Tensor | int, num_candidates: Tensor | int) -> "_Codes":
        items = options.candidate_codes
        items = ops.arange(num_candidates, dtype="int32") if items is None else items
        return cls(items[:num_queries] if options.query_codes is None else options.query_codes, items)


class _Batch:
    """A batch in chunks of its distinct queries, with a column of logits for each distinct candidate.

    Examples whose query vectors are equal share a row, and candidates whose vectors are equal a column, as
    far as the same is masked for them. Positives, one an example, are worked out for all at once.
    """

    def __init__(self, queries: Tensor, candidates: Tensor, options: _Options) -> None:
        self._queries, self._scale = queries, options.scale
        num_queries, num_candidates = ops.shape(queries)[0], ops.shape(candidates)[0]
        are_masked, is_kept = options.are_positives_masked, options.is_kept
        codes = _Codes.of(options, num_queries, num_candidates) if are_masked else None
        self._rows = _distinct(is_kept is None, queries, codes and codes.queries)
        self._columns = _distinct(
            is_kept is None and options.num_hard_negatives is None,
            candidates,
            options.log_probability,
            codes and codes.items,
        )
        self._num_columns = ops.shape(self._columns.first)[0]
        self._chunk_of = functools.partial(_chunk, candidates, options, codes, self._rows, self._columns)
        self._parts = {"query": ops.take(queries, self._rows.first, axis=0)}
        if is_kept is not None:
            self._parts["is_kept"] = is_kept
        self._own = ops.expand_dims(candidates[:num_queries], 1)
        self._products = ops.sum(queries * self._own, axis=2, keepdims=True)
        positive = options.scale * ops.max(self._products, axis=1)
        if options.log_probability is not None:
            positive = positive - ops.expand_dims(options.log_probability[:num_queries], 1)
        self._examples = Examples(
            self._rows.codes, positive, options.weight, not are_masked, options.label_smoothing
        )

    def loss(self) -> Tensor:
        """The weighted sum of the losses."""

        def scan_chunks(chunk: SoftmaxChunk) -> Tensor:
            def step(carry: tuple[()], part: dict[str, Tensor], first: Tensor | int) -> Any:
                return carry, chunk.sums(part, first).present()

            return self._over_chunks(step, (), num_outputs=4 if chunk.is_smoothed else 2)[1]

        sums = RowSums(*self._with_chunk(scan_chunks))
        return ops.sum(self._examples.losses(sums).loss)

    def loss_and_gradients(self) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The same, and its gradients by queries and candidates."""

        def scan_chunks(chunk: SoftmaxChunk) -> tuple[Tensor, ...]:
            def step(carry: tuple[Tensor], part: dict[str, Tensor], first: Tensor | int) -> Any:
                sums, gradients = chunk.sums_and_gradients(part, first)
                by_candidates = carry[0]
                for by_sum, gradient in zip(self._examples.by_sums(sums, first), gradients, strict=True):
                    by_candidates += chunk.by_candidates(part["query"], by_sum, gradient.values)
                return (by_candidates,), (*(one.by_queries for one in gradients), *sums.present())

            num_columns = ops.shape(chunk.columns)[0]
            start = (ops.zeros((self._queries.shape[2], num_columns), "float32"),)
            num_outputs = 6 if chunk.is_smoothed else 3
            (by_candidates,), outputs = self._over_chunks(step, start, num_outputs)
            num_unused = self._num_columns - num_columns
            return ops.pad(by_candidates, [[0, 0], [0, num_unused]]), *outputs

        by_candidates, *outputs = self._with_chunk(scan_chunks)
        num_gradients = len(outputs) // 3  # a gradient comes with two sums
        losses = self._examples.losses(RowSums(*outputs[num_gradients:]))
        by_queries = sum(
            ops.expand_dims(by_sum, 2) * ops.take(by_row, self._rows.codes, axis=0)
            for by_sum, by_row in zip(losses.by_sums, outputs, strict=False)
        )
        by_candidates = ops.take(ops.transpose(by_candidates), self._columns.codes, axis=0)
        return ops.sum(losses.loss), self._with_positives(by_queries, by_candidates, losses.by_positive)

    def _over_chunks(self, step: Callable[..., Any], start: tuple[Tensor, ...], num_outputs: int) -> Any:
        num_rows, heads, _ = ops.shape(self._parts["query"])
        size = rows_per_chunk(num_rows, heads * self._num_columns)
        dtypes = ("float32",) * num_outputs
        return backend.scan_chunks(step, start, self._parts, size, dtypes, self._rows.number)

    def _with_chunk(self, function: Callable[[SoftmaxChunk], Any]) -> Any:
        """What a function gives for the chunk, with no more columns and no more passes than must be."""
        number = self._columns.number
        if number is None or not backend.is_symbolic(number) or self._num_columns < _MANY:
            return function(self._chunk_of(self._num_columns))
        widths = [-(-self._num_columns * quarter // 4) for quarter in (1, 2, 3, 4)]
        return ops.switch(
            sum(ops.cast(number > width, "int32") for width in widths[:-1]),
            [lambda width=width: function(self._chunk_of(width)) for width in widths],
        )

    def _with_positives(
        self, by_queries: Tensor, by_candidates: Tensor, by_positive: Tensor
    ) -> tuple[Tensor, Tensor]:
        by_heads = self._scale * ops.expand_dims(by_positive, 1) * share_of_heads(self._products)
        by_own = ops.sum(by_heads * self._queries, axis=1)
        num_others = ops.shape(by_candidates)[0] - ops.shape(by_own)[0]
        by_queries = self._scale * by_queries + by_heads * self._own
        return by_queries, self._scale * by_candidates + ops.pad(by_own, [[0, num_others], [0, 0]])


def _chunk(
    candidates: Tensor,
    options: _Options,
    codes: _Codes | None,
    rows: backend.UniqueRows,
    columns: backend.UniqueRows,
    num_columns: Tensor | int,
) -> SoftmaxChunk:
    """The chunk of the first columns, which are all that are in use."""
    num_candidates, first = ops.shape(candidates)[0], columns.first[:num_columns]
    slots = None
    if codes is not None:
        slots = backend.PositiveMask(
            codes.queries,
            codes.items[: ops.shape(codes.queries)[0]],
            ops.take(codes.queries, rows.first),
            ops.take(codes.items, first),
            num_candidates,
        )
    ones = ops.ones((num_candidates, 1), "float32")
    counts = ops.segment_sum(ones, columns.codes, num_segments=num_columns)
    vectors, rest = ops.take(candidates, first, axis=0), [ops.ones_like(first, "float32")]
    if options.log_probability is not None:
        rest.append(-ops.take(options.log_probability, first))
    return SoftmaxChunk(
        columns=ops.concatenate([vectors, ops.stack(rest, axis=1)], axis=1),
        counted=ops.concatenate([counts * vectors, counts], axis=1),
        scale=options.scale,
        slots=slots,
        num_hard_negatives=options.num_hard_negatives,
        is_smoothed=bool(options.label_smoothing),
        longest=ops.max(ops.norm(vectors, axis=1)),
    )


def _distinct(are_comparable: bool, *parts: Tensor | None) -> backend.UniqueRows:
    """The distinct rows of what is given; all rows where they cannot be told apart by it."""
    given = [part for part in parts if part is not None]
    if are_comparable:
        return backend.unique_rows(given)
    every = ops.arange(ops.shape(given[0])[0], dtype="int32")
    return backend.UniqueRows(every, every)


def _tensor(value: Tensor | None) -> Tensor | None:
    return None if value is None else ops.convert_to_tensor(value)


def _weights(sample_weight: Tensor | None, num_queries: Tensor | int, reduction: str) -> Tensor:
    """`[batch, 1]`, what each query's loss counts in the result; all 0 when the sample weights are."""
    if sample_weight is None:
        weights = ops.ones((num_queries, 1), "float32")
    else:
        weights = ops.reshape(ops.cast(sample_weight, "float32"), (-1, 1))
    return weights if reduction == "sum" else ops.divide_no_nan(weights, ops.sum(weights))
