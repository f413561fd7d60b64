"""The softmax of `InBatchSoftmax` and `SampledSoftmax`: loss and gradient in one pass and in linear memory.

Query i has one or more heads `q[i, h]` and a positive. Candidates c[j] are negatives or positives of other
queries. With j running over those that are not masked for query i,

    l[i, j] = max_h q[i, h] . c[j] / temperature - log q[j]
    loss[i] = w log(exp(p[i]) + sum_j exp(l[i, j])) - p[i]

where w is `negative_weight` and p[i] is the logit of the positive; `positive_in_denominator=False` leaves
exp(p[i]) out. Computed directly, this takes several `[batch, num_candidates]` matrices and three products of
that size. Here rows of logits are computed a chunk at a time, and repeated rows and columns once:

1. Deduplicate. Active users and popular items repeat in a batch. Examples with equal query vectors share a
   row u of logits, candidates with equal vectors a column j, which counts n[j] times. Equal means bit by bit,
   including what masks and corrections depend on: codes of ids, and log q.
2. Split off the positives. If anything is masked, a row leaves out every positive of its query, so that all
   examples of the row can use it, and each adds its own positive back. Otherwise, positives of the batch
   stay among the columns.
3. Forward. With p the logit of an example's positive, and m and total of its row,

       m = max_j l[j],  total = sum_j n[j] exp(l[j] - m)       of each row
       s = max(m, p),  z = total exp(m - s) + exp(p - s)       of each example
       loss = w (log z + s) - p

   The maximum keeps exp from overflowing, but costs two of five passes over the logits: one to find it and
   one to subtract it. By Cauchy-Schwarz, no logit of a batch is larger, in absolute value, than
   `max |q| max |c| / temperature + max |log q|`. If that is below 50, as it usually is, then m = 0.

4. Gradient. A row is complete within its chunk, so its softmax is known in the same pass:

       d loss / d total = w exp(m - s) / z = f
       d loss / d p     = w - 1 - w total exp(m - s) / z
       d total / d q    = sum_j n[j] exp(l[j] - m) c[j]
       d loss / d c[j]  = sum_u F[u] exp(l[u, j] - m[u]) q[u]   of each of the n[j] equal candidates,

   with F[u] the sum of f, times the example's weight, over the examples of row u.
5. Merge. Map rows and columns back to examples and candidates.

Label smoothing moves a share a of the label from the positive to the K kept candidates, which include it. It
adds `a (p - (p + logit_sum) / K)` with `logit_sum = sum_j n[j] l[j]`, a second sum of each row, whose
derivative `d logit_sum / d l[j]` is n[j]. Negatives of a single query (`Negatives.per_query`) are columns of
its row alone, which then is not shared with other examples.

docs/decisions/008-equal-vectors-once.md has measurements.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from shortlist import backend
from shortlist.losses._retrieval_loss import Vectors
from shortlist.ops import MASKED_LOGIT, false_negatives
from shortlist.typing import Tensor

__all__ = ["Columns", "Options", "softmax_loss"]

_SMALL_LOGIT = 50.0
"""Below it, float32 holds what steps 3 and 4 need with m = 0: total <= n e^50 and F >= weight / (n e^50)."""

_MANY_COLUMNS = 1024
"""From this many columns on, a compiler that needs fixed shapes gets a branch for each quarter of them."""


class Options(NamedTuple):
    """Options of `InBatchSoftmax`; `SampledSoftmax` has the first four."""

    temperature: float | None
    negative_weight: float
    positive_in_denominator: bool
    reduction: str
    num_hard_negatives: int | None = None
    label_smoothing: float = 0.0


class Columns(NamedTuple):
    """Candidates that all queries share, and the codes of candidates and examples: all given, or all None."""

    vectors: Tensor  # [num_candidates, dim]
    hold_positives: bool  # whether the first `batch` candidates are the positives
    log_q: Tensor | None = None  # [num_candidates]
    positive_log_q: Tensor | None = None  # [batch]
    mask: Tensor | None = None  # [batch, num_candidates], False where removed
    codes: Tensor | None = None  # [num_candidates], of items
    positive_codes: Tensor | None = None  # [batch], of items
    query_codes: Tensor | None = None  # [batch], equal for examples that share their positives
    num_codes: Tensor | int = 0  # upper bound of all codes
    log_number: Tensor | float = 0.0  # [batch, 1], log of the number of draws, which divides the sum


def softmax_loss(
    options: Options,
    queries: Tensor,
    positives: Tensor,
    columns: Columns,
    own: Vectors | None = None,
    sample_weight: Tensor | None = None,
    training: bool | None = None,
) -> Tensor:
    """Return the loss, a float32 scalar.

    Args:
        options: Options of the loss.
        queries: `[batch, dim]` or `[batch, heads, dim]`.
        positives: `[batch, dim]`.
        columns: Candidates that all queries share.
        own: Negatives of a single query each.
        sample_weight: `[batch]`.
        training: If False, gradients are not computed along with the loss but only when requested.
    """
    queries, positives, candidates = (
        ops.cast(one, "float32") for one in (queries, positives, columns.vectors)
    )
    queries = queries if len(queries.shape) == 3 else ops.expand_dims(queries, 1)
    batch = ops.shape(queries)[0]
    weights = ops.ones((batch,), "float32") if sample_weight is None else sample_weight
    weights = ops.reshape(ops.cast(weights, "float32"), (-1, 1))
    terms = _Terms(
        options=options,
        scale=1.0 if options.temperature is None else 1.0 / options.temperature,
        weights=weights if options.reduction == "sum" else ops.divide_no_nan(weights, ops.sum(weights)),
        columns=columns._replace(
            log_q=_cast(columns.log_q, "float32"),
            positive_log_q=_cast(columns.positive_log_q, "float32"),
            mask=_cast(columns.mask, "bool"),
        ),
        own_log_q=None if own is None else _cast(own.log_q, "float32"),
        own_codes=None if own is None or columns.codes is None else _cast(own.codes, "int32"),
        own_mask=None if own is None else _cast(own.mask, "bool"),
    )
    vectors = [queries, positives, candidates]
    if own is not None:
        vectors.append(ops.cast(own.vectors, "float32"))

    @ops.custom_gradient
    def loss_of(*vectors: Tensor) -> tuple[Tensor, Any]:
        softmax = _Softmax(terms, *vectors)
        loss, gradients = softmax.run(with_gradients=training is not False)

        def gradient(*arguments: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, ...]:
            factor = arguments[0] if upstream is None else upstream  # PyTorch passes it by name
            return tuple(factor * one for one in gradients or softmax.run(with_gradients=True)[1])

        return loss, gradient

    return loss_of(*vectors)


def _cast(value: Tensor | None, dtype: str) -> Tensor | None:
    return None if value is None else ops.cast(value, dtype)


class _Terms(NamedTuple):
    """All that the loss depends on besides vectors."""

    options: Options
    scale: float
    weights: Tensor  # [batch, 1]
    columns: Columns
    own_log_q: Tensor | None  # [batch, m], of the negatives of a single query
    own_codes: Tensor | None  # [batch, m]
    own_mask: Tensor | None  # [batch, m], False where removed


class _DistinctColumns(NamedTuple):
    """Distinct candidates, a column of logits each."""

    factors: Tensor  # [num_columns, dim], or [num_columns, dim + 1] with -log q last
    counted: Tensor  # [num_columns, dim + 1], n[j] c[j] and n[j]; without gradients n[j] alone
    positives: backend.PositiveMask | None  # where the logits of a row hold positives of its query


class _RowSums(NamedTuple):
    """Sums over the logits of a row that its examples need; `[num_rows, 1]` each."""

    largest: Tensor  # max_j l[j]
    total: Tensor  # sum_j n[j] exp(l[j] - largest)
    num_kept: Tensor | None = None  # sum_j n[j], if labels are smoothed
    logit_sum: Tensor | None = None  # sum_j n[j] l[j], if labels are smoothed

    def take(self, rows: Tensor) -> "_RowSums":
        return _RowSums(*(None if one is None else ops.take(one, rows, axis=0) for one in self))


class _SumGradient(NamedTuple):
    """Gradient of a row's `total` or `logit_sum`; `by_x` is with respect to x."""

    by_logits: Tensor  # [num_rows, heads, num_columns], by the logit of one of n[j] candidates
    by_query: Tensor  # [num_rows, heads, dim], for temperature 1


class _ExampleLosses(NamedTuple):
    """Weighted losses of examples, and their derivatives with respect to x as `by_x`; `[batch, 1]` each."""

    loss: Tensor
    by_positive: Tensor  # by the logit of the positive
    by_total: Tensor  # by `total` of the row
    by_logit_sum: Tensor | None  # by `logit_sum` of the row


class _Softmax:
    """The loss of one batch.

    Args:
        terms: Options, corrections, masks and weights.
        queries: `[batch, heads, dim]`, float32.
        positives: `[batch, dim]`, float32.
        candidates: `[num_candidates, dim]`, float32.
        own: `[batch, m, dim]`, float32, negatives of a single query each; or None.
    """

    def __init__(
        self, terms: _Terms, queries: Tensor, positives: Tensor, candidates: Tensor, own: Tensor | None = None
    ) -> None:
        options, columns = terms.options, terms.columns
        self.queries, self.candidates = queries, candidates
        has_masks = columns.codes is not None or columns.mask is not None
        has_hard_negatives = options.num_hard_negatives is not None
        self.adds_positives = (
            not columns.hold_positives
            or has_masks
            or has_hard_negatives
            or options.label_smoothing > 0
            or not options.positive_in_denominator
        )
        if columns.hold_positives and self.adds_positives and columns.codes is None:
            # Each candidate is an item of its own.
            num_candidates = ops.shape(candidates)[0]
            codes = ops.arange(num_candidates, dtype="int32")
            of_examples = codes[: ops.shape(queries)[0]]
            columns = columns._replace(
                codes=codes, positive_codes=of_examples, query_codes=of_examples, num_codes=num_candidates
            )
        self.terms = terms._replace(columns=columns)

        # 1. Deduplicate, unless masks, hard negatives or negatives per query make all rows or columns differ.
        self.rows = _distinct(columns.mask is None and own is None, queries, columns.query_codes)
        are_comparable = columns.mask is None and not has_hard_negatives
        self.columns = _distinct(are_comparable, candidates, columns.log_q, columns.codes)
        self.parts = {"query": ops.take(queries, self.rows.first, axis=0)}
        if columns.mask is not None:
            self.parts["mask"] = columns.mask
        self.num_own = None if own is None else ops.shape(own)[1]
        if own is not None:
            correction = [] if columns.log_q is None else [-ops.expand_dims(terms.own_log_q, 2)]
            self.parts["own_factors"] = ops.concatenate([own, *correction], axis=2)
            self.parts["own_counted"] = ops.concatenate([own, ops.ones_like(own[:, :, :1])], axis=2)
        if terms.own_codes is not None:
            self.parts |= {"own_codes": terms.own_codes, "query_codes": columns.query_codes}
        if terms.own_mask is not None:
            self.parts["own_mask"] = terms.own_mask

        # 2. Split off the positives.
        self.positives = ops.expand_dims(positives, 1)  # [batch, 1, dim]
        self.positive_scores = ops.sum(queries * self.positives, axis=2, keepdims=True)  # [batch, heads, 1]
        self.positive_logits = terms.scale * ops.max(self.positive_scores, axis=1)  # [batch, 1]
        if columns.positive_log_q is not None:
            self.positive_logits = self.positive_logits - ops.expand_dims(columns.positive_log_q, 1)

        # Step 3 needs no maximum if all logits are small. False if a vector or log q is NaN or infinite.
        lengths = _largest(ops.norm(queries, axis=-1)) * _largest(
            ops.norm(candidates, axis=-1), None if own is None else ops.norm(own, axis=-1)
        )
        bound = terms.scale * lengths + _largest(columns.log_q, terms.own_log_q)
        self.are_logits_small = bound < _SMALL_LOGIT

    def run(self, *, with_gradients: bool) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the weighted sum of the losses and, if requested, its gradients for the given vectors."""
        # 3. and 4. Forward and gradient, chunk by chunk.
        results = self._with_columns(functools.partial(self._over_chunks, with_gradients=with_gradients))
        sums = _RowSums(**{name: results.get(name) for name in _RowSums._fields})
        losses = self._examples(sums, self.rows.codes)
        if not with_gradients:
            return ops.sum(losses.loss), ()

        # 5. Merge.
        by_score = ops.expand_dims(losses.by_positive, 1) * _share_of_heads(self.positive_scores)
        by_queries = by_score * self.positives
        for by_sum, name in ((losses.by_total, "total"), (losses.by_logit_sum, "logit_sum")):
            if by_sum is not None:
                by_query = ops.take(results[f"{name}_by_query"], self.rows.codes, axis=0)
                by_queries = by_queries + ops.expand_dims(by_sum, 2) * by_query
        by_candidates = ops.take(ops.transpose(results["by_candidates"]), self.columns.codes, axis=0)
        by_positives = ops.sum(by_score * self.queries, axis=1)
        by_own = [results["by_own"]] if "by_own" in results else []
        gradients = [by_queries, by_positives, by_candidates, *by_own]
        return ops.sum(losses.loss), tuple(self.terms.scale * one for one in gradients)

    def _with_columns(self, function: Callable[[Any], dict[str, Tensor]]) -> dict[str, Tensor]:
        """Call `function` with the number of columns, rounded up to quarters if shapes are fixed."""
        num_all, num_distinct = ops.shape(self.columns.first)[0], self.columns.number
        if num_distinct is None or not backend.is_symbolic(num_distinct) or num_all < _MANY_COLUMNS:
            return function(num_all)
        bounds = [-(-num_all * quarter // 4) for quarter in (1, 2, 3, 4)]
        quarter = sum(ops.cast(num_distinct > bound, "int32") for bound in bounds[:-1])
        return ops.switch(quarter, [functools.partial(function, bound) for bound in bounds])

    def _over_chunks(self, num_columns: Any, *, with_gradients: bool) -> dict[str, Tensor]:
        """Return what `_chunk` gives for all rows, and the gradient by the first `num_columns` candidates."""
        names = ["largest", "total"] + ["num_kept", "logit_sum"] * bool(self.terms.options.label_smoothing)
        if with_gradients:
            names += ["total_by_query"] + ["logit_sum_by_query"] * bool(self.terms.options.label_smoothing)
            names += ["by_own"] * (self.num_own is not None)
        columns = self._columns_of(num_columns, with_gradients)
        num_rows, heads, dim = ops.shape(self.parts["query"])
        num_own = 0 if self.num_own is None else self.num_own  # an open size is neither true nor false
        size = backend.rows_per_chunk(num_rows, heads * (num_columns + num_own))

        def step(carry: tuple[Tensor, ...], part: dict[str, Tensor], first: Tensor | int) -> Any:
            by_columns, results = self._chunk(columns, part, first, with_gradients)
            # An open number of negatives per query hides the number of columns from graphs.
            carry = tuple(before + ops.reshape(by_columns, (dim, num_columns)) for before in carry)
            return carry, tuple(results[name] for name in names)

        start = (ops.zeros((dim, num_columns), "float32"),) if with_gradients else ()
        dtypes = ("float32",) * len(names)
        carry, outputs = backend.scan_chunks(step, start, self.parts, size, dtypes, self.rows.number)
        results = dict(zip(names, outputs, strict=True))
        if with_gradients:  # of the same shape for any number of columns
            num_missing = ops.shape(self.columns.first)[0] - num_columns
            results["by_candidates"] = ops.pad(carry[0], [[0, 0], [0, num_missing]])
        return results

    def _columns_of(self, num_columns: Any, with_gradients: bool) -> _DistinctColumns:
        first, positives, known = self.columns.first[:num_columns], None, self.terms.columns
        if known.codes is not None:
            positives = backend.PositiveMask(
                known.query_codes,
                known.positive_codes,
                ops.take(known.query_codes, self.rows.first),
                ops.take(known.codes, first),
                known.num_codes,
            )
        vectors = factors = ops.take(self.candidates, first, axis=0)
        if known.log_q is not None:
            log_q = ops.expand_dims(ops.take(known.log_q, first), 1)
            factors = ops.concatenate([vectors, -log_q], axis=1)
        ones = ops.ones((ops.shape(self.candidates)[0], 1), "float32")
        counts = ops.segment_sum(ones, self.columns.codes, num_segments=num_columns)
        counted = ops.concatenate([counts * vectors, counts], axis=1) if with_gradients else counts
        return _DistinctColumns(factors, counted, positives)

    def _chunk(
        self, columns: _DistinctColumns, part: dict[str, Tensor], first: Tensor | int, with_gradients: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the gradient by columns `[dim, num_columns]` of a chunk of rows, and the rest by name."""
        by_head, logits = self._logits(columns, part, first)
        gradients: dict[str, _SumGradient] = {}

        # 3. Forward.
        smoothed: dict[str, Tensor] = {}
        if self.terms.options.label_smoothing:
            is_kept = ops.cast(logits > MASKED_LOGIT / 2, "float32")
            smoothed["num_kept"], gradients["logit_sum"] = self._sum(is_kept, by_head, columns, part)
            smoothed["logit_sum"], _ = self._sum(is_kept * logits, by_head, columns, part)
        largest, exponentials = ops.cond(
            self.are_logits_small,
            lambda: (ops.zeros_like(logits[:, :1]), backend.exp_in_place(logits)),
            lambda: _shifted_exponentials(logits),
        )
        total, gradients["total"] = self._sum(exponentials, by_head, columns, part)
        sums = _RowSums(largest, total, **smoothed)
        if not with_gradients:
            return ops.zeros(()), sums._asdict()

        # 4. Gradient.
        by_columns, by_own, by_row = 0.0, 0.0, self._by_row(sums, first)
        for name, gradient in gradients.items():
            weighted = ops.expand_dims(by_row[name], 1) * part["query"]
            shared, own = self._split(gradient.by_logits)
            # [dim, num_columns] and not its transpose, because this product is faster.
            by_columns += ops.matmul(ops.transpose(_flat(weighted)), _flat(shared))
            if own is not None:
                by_own += ops.matmul(ops.transpose(own, (0, 2, 1)), weighted)
        by_query = {f"{name}_by_query": gradient.by_query for name, gradient in gradients.items()}
        return by_columns, {**sums._asdict(), **by_query, "by_own": by_own}

    def _logits(
        self, columns: _DistinctColumns, part: dict[str, Tensor], first: Tensor | int
    ) -> tuple[Tensor, Tensor]:
        """Return logits by head `[rows, heads, num_columns + m]`, and those of the best head, masked."""
        query = self.terms.scale * part["query"]
        if self.terms.columns.log_q is not None:
            query = ops.concatenate([query, ops.ones_like(query[:, :, :1])], axis=2)
        by_head = ops.matmul(_flat(query), ops.transpose(columns.factors))
        by_head = ops.reshape(by_head, (-1, query.shape[1], ops.shape(columns.factors)[0]))
        logits = _best(by_head)
        if columns.positives is not None:
            logits = columns.positives.fill(logits, first, MASKED_LOGIT)
        if "mask" in part:
            logits = ops.where(part["mask"], logits, MASKED_LOGIT)
        if self.num_own is not None:
            own_by_head = ops.matmul(query, ops.transpose(part["own_factors"], (0, 2, 1)))
            own = _best(own_by_head)
            if "own_codes" in part:
                known = self.terms.columns
                examples = known.query_codes, known.positive_codes
                codes = part["query_codes"], part["own_codes"]
                is_positive = false_negatives(*codes, examples, known.num_codes)
                own = ops.where(is_positive, MASKED_LOGIT, own)
            if "own_mask" in part:
                own = ops.where(part["own_mask"], own, MASKED_LOGIT)
            by_head = ops.concatenate([by_head, own_by_head], axis=2)
            logits = ops.concatenate([logits, own], axis=1)
        if self.terms.options.num_hard_negatives is not None:
            logits = _hardest(logits, self.terms.options.num_hard_negatives)
        return by_head, logits

    def _sum(
        self, values: Tensor, by_head: Tensor, columns: _DistinctColumns, part: dict[str, Tensor]
    ) -> tuple[Tensor, _SumGradient]:
        """Return `sum_j n[j] values[j]` `[rows, 1]`, and the gradient of a sum with derivatives `values`."""
        values = ops.expand_dims(values, 1)
        if by_head.shape[1] > 1:
            values = values * _share_of_heads(by_head)
        shared, own = self._split(values)
        width = columns.counted.shape[1]
        sums = ops.reshape(ops.matmul(_flat(shared), columns.counted), (-1, values.shape[1], width))
        if own is not None:
            sums = sums + ops.matmul(own, part["own_counted"][:, :, -width:])
        return ops.sum(sums[:, :, -1], axis=1, keepdims=True), _SumGradient(values, sums[:, :, :-1])

    def _split(self, values: Tensor) -> tuple[Tensor, Tensor | None]:
        if self.num_own is None:
            return values, None
        num_columns = ops.shape(values)[2] - self.num_own
        return values[:, :, :num_columns], values[:, :, num_columns:]

    def _by_row(self, sums: _RowSums, first: Tensor | int) -> dict[str, Tensor]:
        """Return derivatives of the sum of all losses with respect to the sums of a chunk's rows."""
        num_rows = ops.shape(sums.total)[0]
        rows = self.rows.codes - first
        is_inside = ops.expand_dims(ops.logical_and(rows >= 0, rows < num_rows), 1)
        rows = ops.clip(rows, 0, num_rows - 1)
        losses = self._examples(sums, rows)
        by_sums = {"total": losses.by_total, "logit_sum": losses.by_logit_sum}
        return {
            name: ops.segment_sum(ops.where(is_inside, by_sum, 0.0), rows, num_segments=num_rows)
            for name, by_sum in by_sums.items()
            if by_sum is not None
        }

    def _examples(self, sums: _RowSums, rows: Tensor) -> _ExampleLosses:
        """Return the losses of all examples; example i uses the sums of row `rows[i]`."""
        positive, weights, options = self.positive_logits, self.terms.weights, self.terms.options
        largest, total, num_kept, logit_sum = sums.take(rows)
        largest = largest - self.terms.columns.log_number
        negative_weight, smoothing = options.negative_weight, options.label_smoothing
        if self.adds_positives and options.positive_in_denominator:
            shift = ops.maximum(largest, positive)
            factor = ops.exp(largest - shift)
            z = factor * total + ops.exp(positive - shift)
            by_positive = (negative_weight - 1.0) - negative_weight * factor * total / z
        else:
            shift, factor, z, by_positive = largest, 1.0, total, -ops.ones_like(total)
        if not options.positive_in_denominator:  # an example without negatives has no loss
            has_negatives = ops.logical_and(largest > MASKED_LOGIT / 2, total > 0)
            z, weights = ops.where(has_negatives, z, 1.0), ops.where(has_negatives, weights, 0.0)
            shift = ops.where(has_negatives, shift, 0.0)
        # This order keeps a small loss exact next to large logits.
        loss = negative_weight * ops.log(z) + (negative_weight * shift - positive)
        by_logit_sum = None
        if num_kept is not None and logit_sum is not None:  # if labels are smoothed
            share = smoothing / (1.0 + num_kept)
            loss = loss + smoothing * positive - share * (positive + logit_sum)
            by_positive = by_positive + smoothing - share
            by_logit_sum = -share * weights
        by_total = negative_weight * weights * factor / z
        return _ExampleLosses(weights * loss, weights * by_positive, by_total, by_logit_sum)


def _distinct(are_comparable: bool, *parts: Tensor | None) -> backend.UniqueRows:
    """Deduplicate rows; keep all rows if they are not comparable."""
    given = [part for part in parts if part is not None]
    if are_comparable:
        return backend.unique_rows(given)
    every = ops.arange(ops.shape(given[0])[0], dtype="int32")
    return backend.UniqueRows(every, every)


def _flat(values: Tensor) -> Tensor:
    """Return `[rows, heads, n]` as `[rows * heads, n]`."""
    return ops.reshape(values, (-1, ops.shape(values)[2]))


def _best(by_head: Tensor) -> Tensor:
    if by_head.shape[1] > 1:
        return ops.max(by_head, axis=1)
    return ops.reshape(by_head, (-1, ops.shape(by_head)[2]))


def _largest(*parts: Tensor | None) -> Any:
    """Return the largest absolute value; 0 if nothing is given."""
    given = [ops.max(ops.abs(part), initial=0.0) for part in parts if part is not None]
    return functools.reduce(ops.maximum, given, 0.0)


def _shifted_exponentials(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return the largest logit of each row, and `exp(logits - largest)`."""
    largest = ops.max(logits, axis=1, keepdims=True)
    return largest, backend.exp_in_place(backend.subtract_in_place(logits, largest))


def _share_of_heads(by_head: Tensor) -> Tensor:
    """Return the gradient of the maximum over heads, axis 1; heads that tie share it."""
    is_best = ops.cast(by_head == ops.max(by_head, axis=1, keepdims=True), by_head.dtype)
    return is_best / ops.sum(is_best, axis=1, keepdims=True)


def _hardest(logits: Tensor, num_hard_negatives: int) -> Tensor:
    """Mask all but the highest logits of each row; of equal logits, those of the first columns stay."""
    num_rows, num_columns = ops.shape(logits)
    smaller = min if isinstance(num_columns, int) else ops.minimum
    _, columns = backend.top_k(logits, smaller(num_hard_negatives, num_columns))
    slots = ops.expand_dims(ops.arange(num_rows, dtype="int32") * num_columns, 1) + columns
    slots = ops.reshape(slots, (-1, 1))
    is_hard = ops.scatter(slots, ops.ones_like(slots[:, 0]), (num_rows * num_columns,))
    return ops.where(ops.reshape(is_hard, (num_rows, num_columns)) > 0, logits, MASKED_LOGIT)
