"""In-batch softmax cross-entropy and its gradient, in one pass and in memory linear in the batch.

Query i has one or more heads `q[i, h]`; candidate i is its positive. With j running over the positive and the
candidates that are not masked for query i,

    l[i, j] = max_h q[i, h] . c[j] / temperature - log q[j]
    loss[i] = log(sum_j exp(l[i, j])) - l[i, i]

Computed directly, this takes several `[batch, num_candidates]` matrices and three products of that size. Here
rows of logits are computed a chunk at a time, and repeated rows and columns once:

1. Deduplicate. Active users and popular items repeat in a batch. Examples with equal query vectors share a
   row u of logits, candidates with equal vectors a column j, which counts n[j] times. Equal means bit by bit,
   including what masks and corrections depend on: codes of ids, and log q.
2. Split off the positives. If anything is masked, a row leaves out every positive of its query, so that all
   examples of the row can use it, and each adds its own positive back. Otherwise, positives stay
   among the columns.
3. Forward. With p the logit of an example's positive, and m and total of its row,

       m = max_j l[j],  total = sum_j n[j] exp(l[j] - m)       of each row
       s = max(m, p),  z = total exp(m - s) + exp(p - s)       of each example
       loss = log z + s - p

   The maximum keeps exp from overflowing, but costs two of five passes over the logits: one to find it and
   one to subtract it. By Cauchy-Schwarz, no logit of a batch is larger, in absolute value, than
   `max |q| max |c| / temperature + max |log q|`. If that is below 50, as it usually is, then m = 0.

4. Gradient. A row is complete within its chunk, so its softmax is known in the same pass:

       d loss / d total = exp(m - s) / z = f
       d loss / d p     = -total exp(m - s) / z
       d total / d q    = sum_j n[j] exp(l[j] - m) c[j]
       d loss / d c[j]  = sum_u F[u] exp(l[u, j] - m[u]) q[u]   of each of the n[j] equal candidates,

   with F[u] the sum of f, times the example's weight, over the examples of row u.
5. Merge. Map rows and columns back to examples and candidates, and add the gradients of the positives.

Label smoothing moves a share a of the label from the positive to the K kept candidates, which include it. It
adds `a (p - (p + logit_sum) / K)` with `logit_sum = sum_j n[j] l[j]`, a second sum of each row, whose
derivative `d logit_sum / d l[j]` is n[j]. Negatives of a single query (`Negatives.per_query`) are columns of
its row alone, which then is not shared with other examples.

docs/decisions/008-equal-vectors-once.md has measurements.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import ops

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.losses._logits import batch_logits, check_options, codes_to_remove, labeled
from shortlist.losses._retrieval_loss import Negatives
from shortlist.ops import MASKED_LOGIT, check_shapes, false_negatives
from shortlist.typing import Tensor

__all__ = ["InBatchSoftmax"]

_SMALL_LOGIT = 50.0
"""Below it, float32 holds what steps 3 and 4 need with m = 0: total <= n e^50 and F >= weight / (n e^50)."""

_MANY_COLUMNS = 1024
"""From this many columns on, a compiler that needs fixed shapes gets a branch for each quarter of them."""


@keras.saving.register_keras_serializable(package="shortlist")
@dataclasses.dataclass(frozen=True, kw_only=True)
class InBatchSoftmax:
    """Softmax cross-entropy of each query's positive among all candidates of the batch.

    `loss[i] = -log softmax_j(score[i, j] / temperature - log q[j])[i]`, where masks remove candidates before
    hard negatives are chosen. Negatives drawn from a `NegativeSource` are added to those of the batch.
    Memory is linear in the batch, and repeated vectors are scored once.

    Args:
        temperature: Divides the scores; lower is sharper. None for 1.
        num_hard_negatives: Number of highest-scoring negatives to keep for each query; None keeps all.
        label_smoothing: Share of the label spread evenly over the kept candidates, in `[0, 1)`.
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the same query in this batch.
        reduction: `"mean"` over examples or `"sum"`, both weighted by `sample_weight`.

    Raises:
        ArgumentError: If an option is out of range.

    Example:
        >>> import numpy as np
        >>> loss = InBatchSoftmax()(np.eye(2, dtype="float32"), np.eye(2, dtype="float32"))
        >>> round(float(loss), 4)  # log(1 + exp(-1))
        0.3133

    References: Covington et al., "Deep Neural Networks for YouTube Recommendations", RecSys 2016. Yi et al.,
        "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations", RecSys 2019.
    """

    temperature: float | None = None
    num_hard_negatives: int | None = None
    label_smoothing: float = 0.0
    remove_accidental_hits: bool = True
    remove_false_negatives: bool = True
    reduction: str = "mean"

    def __post_init__(self) -> None:
        check_options(**dataclasses.asdict(self))

    def __call__(
        self,
        queries: Tensor,
        candidates: Tensor,
        negatives: Negatives | None = None,
        sample_weight: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Return the loss; see `RetrievalLoss`.

        If `training` is False, gradients are not computed along with the loss but only when requested.
        """
        check_shapes(queries, candidates)
        candidates, negatives = _with_shared(ops.cast(candidates, "float32"), negatives or Negatives())
        queries = ops.cast(queries, "float32")
        queries = queries if len(queries.shape) == 3 else ops.expand_dims(queries, 1)
        sizes = ops.shape(queries)[0], ops.shape(candidates)[0]
        removal = self.remove_accidental_hits, self.remove_false_negatives
        query_codes, item_codes = codes_to_remove(negatives, sizes, *removal)
        weights = ops.ones((sizes[0],), "float32") if sample_weight is None else sample_weight
        weights = ops.reshape(ops.cast(weights, "float32"), (-1, 1))
        own = negatives.per_query
        are_own_known = own is not None and negatives.candidate_codes is not None and item_codes is not None
        terms = _Terms(
            scale=1.0 if self.temperature is None else 1.0 / self.temperature,
            weights=weights if self.reduction == "sum" else ops.divide_no_nan(weights, ops.sum(weights)),
            log_q=_cast(negatives.log_q, "float32"),
            query_codes=query_codes,
            item_codes=item_codes,
            mask=_cast(negatives.mask, "bool"),
            own_log_q=None if own is None else _cast(own.log_q, "float32"),
            own_codes=_cast(own.codes, "int32") if own is not None and are_own_known else None,
            own_mask=None if own is None else _cast(own.mask, "bool"),
            num_hard_negatives=self.num_hard_negatives,
            label_smoothing=self.label_smoothing,
        )
        vectors = [queries, candidates]
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

    def logits(self, queries: Tensor, candidates: Tensor, negatives: Negatives) -> tuple[Tensor, Tensor]:
        """Return labels and logits as `[batch, num_logits]` matrices, for metrics."""
        removal = self.remove_accidental_hits, self.remove_false_negatives
        logits = batch_logits(queries, candidates, negatives, self.temperature, *removal)
        return labeled(logits, self.num_hard_negatives)

    def get_config(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "InBatchSoftmax":
        return cls(**config)


def _with_shared(candidates: Tensor, negatives: Negatives) -> tuple[Tensor, Negatives]:
    """Append the shared negatives to the candidates of the batch."""
    shared, own = negatives.shared, negatives.per_query
    drawn: list[Any] = [one for one in (shared, own) if one is not None]
    if len({one.log_q is None for one in [negatives, *drawn]}) > 1:
        fix = "Give tasks.Retrieval a log_q layer, such as layers.StreamingFrequency"
        if negatives.log_q is not None:
            fix = "Use SampledSoftmax or BPR for negatives that were not drawn with known probabilities"
        raise ArgumentError(must("log_q", "be given for all candidates of the softmax or for none", fix=fix))
    if shared is None:
        return candidates, negatives
    vectors = ops.cast(shared.vectors, "float32")
    num_candidates, num_shared = ops.shape(candidates)[0], ops.shape(vectors)[0]
    shared_codes = shared.codes
    if shared_codes is None:  # of unknown ids, so none is a positive
        shared_codes = num_candidates + ops.arange(num_shared, dtype="int32")
    mask = negatives.mask
    if mask is not None:
        mask = ops.pad(ops.cast(mask, "bool"), [[0, 0], [0, num_shared]], constant_values=True)
    joined = dataclasses.replace(
        negatives,
        log_q=_joined(negatives.log_q, shared.log_q, "float32"),
        candidate_codes=_joined(negatives.candidate_codes, shared_codes, "int32"),
        mask=mask,
        shared=None,
    )
    return _joined(candidates, vectors, "float32"), joined


def _joined(ours: Tensor | None, others: Tensor, dtype: str) -> Tensor | None:
    return None if ours is None else ops.concatenate([ops.cast(ours, dtype), ops.cast(others, dtype)])


def _cast(value: Tensor | None, dtype: str) -> Tensor | None:
    return None if value is None else ops.cast(value, dtype)


class _Terms(NamedTuple):
    """All that the loss depends on besides vectors."""

    scale: float
    weights: Tensor  # [batch, 1]
    log_q: Tensor | None  # [num_candidates]
    query_codes: Tensor | None  # [batch], equal for examples that share their positives
    item_codes: Tensor | None  # [num_candidates]
    mask: Tensor | None  # [batch, num_candidates], False where removed
    own_log_q: Tensor | None  # [batch, m], of the negatives of a single query
    own_codes: Tensor | None  # [batch, m]
    own_mask: Tensor | None  # [batch, m], False where removed
    num_hard_negatives: int | None
    label_smoothing: float


class _Columns(NamedTuple):
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
        terms: Corrections, masks and weights.
        queries: `[batch, heads, dim]`, float32.
        candidates: `[num_candidates, dim]`, float32.
        own: `[batch, m, dim]`, float32, negatives of a single query each; or None.
    """

    def __init__(self, terms: _Terms, queries: Tensor, candidates: Tensor, own: Tensor | None = None) -> None:
        self.terms, self.queries, self.candidates = terms, queries, candidates
        batch, num_candidates = ops.shape(queries)[0], ops.shape(candidates)[0]
        has_masks = terms.item_codes is not None or terms.mask is not None
        has_hard_negatives = terms.num_hard_negatives is not None
        self.splits_positives = has_masks or has_hard_negatives or terms.label_smoothing > 0
        self.query_codes: Any = terms.query_codes
        self.item_codes: Any = terms.item_codes
        if self.splits_positives and self.item_codes is None:
            self.item_codes = ops.arange(num_candidates, dtype="int32")
        if self.splits_positives and self.query_codes is None:
            self.query_codes = self.item_codes[:batch]

        # 1. Deduplicate, unless masks, hard negatives or negatives per query make all rows or columns differ.
        self.rows = _distinct(terms.mask is None and own is None, queries, self.query_codes)
        are_comparable = terms.mask is None and not has_hard_negatives
        self.columns = _distinct(are_comparable, candidates, terms.log_q, self.item_codes)
        self.parts = {"query": ops.take(queries, self.rows.first, axis=0)}
        if terms.mask is not None:
            self.parts["mask"] = terms.mask
        self.num_own = None if own is None else ops.shape(own)[1]
        if own is not None:
            correction = [] if terms.own_log_q is None else [-ops.expand_dims(terms.own_log_q, 2)]
            self.parts["own_factors"] = ops.concatenate([own, *correction], axis=2)
            self.parts["own_counted"] = ops.concatenate([own, ops.ones_like(own[:, :, :1])], axis=2)
        if terms.own_codes is not None:
            self.parts |= {"own_codes": terms.own_codes, "query_codes": self.query_codes}
        if terms.own_mask is not None:
            self.parts["own_mask"] = terms.own_mask

        # 2. Split off the positives.
        self.positives = ops.expand_dims(candidates[:batch], 1)  # [batch, 1, dim]
        self.positive_scores = ops.sum(queries * self.positives, axis=2, keepdims=True)  # [batch, heads, 1]
        self.positive_logits = terms.scale * ops.max(self.positive_scores, axis=1)  # [batch, 1]
        if terms.log_q is not None:
            self.positive_logits = self.positive_logits - ops.expand_dims(terms.log_q[:batch], 1)

        # Step 3 needs no maximum if all logits are small. False if a vector or log q is NaN or infinite.
        lengths = _largest(ops.norm(queries, axis=-1)) * _largest(
            ops.norm(candidates, axis=-1), None if own is None else ops.norm(own, axis=-1)
        )
        bound = terms.scale * lengths + _largest(terms.log_q, terms.own_log_q)
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
        num_others = ops.shape(by_candidates)[0] - ops.shape(by_positives)[0]
        by_candidates = by_candidates + ops.pad(by_positives, [[0, num_others], [0, 0]])
        gradients = [by_queries, by_candidates, *([results["by_own"]] if "by_own" in results else [])]
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
        names = ["largest", "total"] + ["num_kept", "logit_sum"] * bool(self.terms.label_smoothing)
        if with_gradients:
            names += ["total_by_query"] + ["logit_sum_by_query"] * bool(self.terms.label_smoothing)
            names += ["by_own"] * (self.num_own is not None)
        columns = self._columns_of(num_columns, with_gradients)
        num_rows, heads, dim = ops.shape(self.parts["query"])
        size = backend.rows_per_chunk(num_rows, heads * (num_columns + (self.num_own or 0)))

        def step(carry: tuple[Tensor, ...], part: dict[str, Tensor], first: Tensor | int) -> Any:
            by_columns, results = self._chunk(columns, part, first, with_gradients)
            carry = tuple(before + by_columns for before in carry)
            return carry, tuple(results[name] for name in names)

        start = (ops.zeros((dim, num_columns), "float32"),) if with_gradients else ()
        dtypes = ("float32",) * len(names)
        carry, outputs = backend.scan_chunks(step, start, self.parts, size, dtypes, self.rows.number)
        results = dict(zip(names, outputs, strict=True))
        if with_gradients:  # of the same shape for any number of columns
            num_missing = ops.shape(self.columns.first)[0] - num_columns
            results["by_candidates"] = ops.pad(carry[0], [[0, 0], [0, num_missing]])
        return results

    def _columns_of(self, num_columns: Any, with_gradients: bool) -> _Columns:
        first, positives = self.columns.first[:num_columns], None
        num_candidates = ops.shape(self.candidates)[0]
        if self.splits_positives:
            positives = backend.PositiveMask(
                self.query_codes,
                self.item_codes[: ops.shape(self.queries)[0]],
                ops.take(self.query_codes, self.rows.first),
                ops.take(self.item_codes, first),
                num_candidates,
            )
        vectors = factors = ops.take(self.candidates, first, axis=0)
        if self.terms.log_q is not None:
            log_q = ops.expand_dims(ops.take(self.terms.log_q, first), 1)
            factors = ops.concatenate([vectors, -log_q], axis=1)
        ones = ops.ones((num_candidates, 1), "float32")
        counts = ops.segment_sum(ones, self.columns.codes, num_segments=num_columns)
        counted = ops.concatenate([counts * vectors, counts], axis=1) if with_gradients else counts
        return _Columns(factors, counted, positives)

    def _chunk(
        self, columns: _Columns, part: dict[str, Tensor], first: Tensor | int, with_gradients: bool
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the gradient by columns `[dim, num_columns]` of a chunk of rows, and the rest by name."""
        by_head, logits = self._logits(columns, part, first)
        gradients: dict[str, _SumGradient] = {}

        # 3. Forward.
        smoothed: dict[str, Tensor] = {}
        if self.terms.label_smoothing:
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
        self, columns: _Columns, part: dict[str, Tensor], first: Tensor | int
    ) -> tuple[Tensor, Tensor]:
        """Return logits by head `[rows, heads, num_columns + m]`, and those of the best head, masked."""
        query = self.terms.scale * part["query"]
        if self.terms.log_q is not None:
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
                examples = self.query_codes, self.item_codes[: ops.shape(self.queries)[0]]
                codes = part["query_codes"], part["own_codes"]
                is_positive = false_negatives(*codes, examples, ops.shape(self.candidates)[0])
                own = ops.where(is_positive, MASKED_LOGIT, own)
            if "own_mask" in part:
                own = ops.where(part["own_mask"], own, MASKED_LOGIT)
            by_head = ops.concatenate([by_head, own_by_head], axis=2)
            logits = ops.concatenate([logits, own], axis=1)
        if self.terms.num_hard_negatives is not None:
            logits = _hardest(logits, self.terms.num_hard_negatives)
        return by_head, logits

    def _sum(
        self, values: Tensor, by_head: Tensor, columns: _Columns, part: dict[str, Tensor]
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
        positive, weights, smoothing = self.positive_logits, self.terms.weights, self.terms.label_smoothing
        largest, total, num_kept, logit_sum = sums.take(rows)
        shift = ops.maximum(largest, positive)
        factor = ops.exp(largest - shift)
        others = factor * total
        z = others + ops.exp(positive - shift) if self.splits_positives else others
        loss = ops.log(z) + (shift - positive)  # this order keeps a small loss exact next to large logits
        by_positive = -others / z if self.splits_positives else -ops.ones_like(z)
        by_logit_sum = None
        if num_kept is not None and logit_sum is not None:  # if labels are smoothed
            share = smoothing / (1.0 + num_kept)
            loss = loss + smoothing * positive - share * (positive + logit_sum)
            by_positive = by_positive + smoothing - share
            by_logit_sum = -share * weights
        return _ExampleLosses(weights * loss, weights * by_positive, weights * factor / z, by_logit_sum)


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
