"""Logits as whole matrices, for losses and metrics that read every one of them; checks that losses share."""

import math
from typing import Any

from keras import ops

from shortlist.errors import ArgumentError, must
from shortlist.losses._retrieval_loss import Negatives
from shortlist.ops import (
    MASKED_LOGIT,
    correct_logits,
    false_negatives,
    keep_hard_negatives,
    mask_logits,
    pairwise_scores,
    per_query_scores,
    positives,
    true_scores,
    weighted_mean,
    weighted_sum,
)
from shortlist.typing import Tensor

__all__ = [
    "batch_logits",
    "check_options",
    "codes_to_remove",
    "drawn_logits",
    "labeled",
    "positive_logits",
    "reduced",
]


def check_options(
    *,
    temperature: float | None = None,
    negative_weight: float = 1.0,
    num_negatives: int | None = None,
    num_hard_negatives: int | None = None,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    **_: Any,
) -> None:
    """Raise ArgumentError if an option of a loss is out of range."""
    if temperature is not None and not temperature > 0:
        fix = "Pass None for a temperature of 1"
        raise ArgumentError(must("temperature", "be > 0", got=repr(temperature), fix=fix))
    if not 0 < negative_weight < math.inf:
        raise ArgumentError(must("negative_weight", "be positive and finite", got=negative_weight))
    if num_negatives is not None and num_negatives < 1:
        raise ArgumentError(must("num_negatives", "be None or >= 1", got=num_negatives))
    if num_hard_negatives is not None and num_hard_negatives < 1:
        fix = "Pass None to keep all negatives"
        raise ArgumentError(must("num_hard_negatives", "be >= 1", got=num_hard_negatives, fix=fix))
    if not 0 <= label_smoothing < 1:
        raise ArgumentError(must("label_smoothing", "be in [0, 1)", got=label_smoothing))
    if reduction not in ("mean", "sum"):
        raise ArgumentError(must("reduction", "be 'mean' or 'sum'", got=repr(reduction)))


def codes_to_remove(
    negatives: Negatives,
    sizes: tuple[Tensor | int, Tensor | int],
    remove_accidental_hits: bool,
    remove_false_negatives: bool,
) -> tuple[Tensor | None, Tensor | None]:
    """Return codes of queries `[batch]` and of items `[num_candidates]`, or None for both.

    A negative is removed if its item is a positive of a query of the same code. To remove accidental hits
    alone, a query gets the code of its positive.

    Args:
        negatives: Codes of the ids.
        sizes: `batch` and `num_candidates`.
        remove_accidental_hits: Remove negatives that are the positive's item.
        remove_false_negatives: Remove negatives that are another positive of the query.
    """
    batch, num_candidates = sizes
    query_codes = negatives.query_codes if remove_false_negatives else None
    if query_codes is None and not (remove_accidental_hits and negatives.candidate_codes is not None):
        return None, None
    item_codes = negatives.candidate_codes
    if item_codes is None:  # each candidate is an item of its own
        item_codes = ops.arange(num_candidates, dtype="int32")
    item_codes = ops.cast(item_codes, "int32")
    return item_codes[:batch] if query_codes is None else ops.cast(query_codes, "int32"), item_codes


def batch_logits(
    queries: Tensor,
    candidates: Tensor,
    negatives: Negatives,
    temperature: float | None,
    remove_accidental_hits: bool,
    remove_false_negatives: bool,
) -> Tensor:
    """Return corrected and masked logits `[batch, num_candidates + n + m]`; positives are on the diagonal."""
    logits = pairwise_scores(queries, candidates) / (temperature or 1.0)
    if negatives.log_q is not None:
        logits = correct_logits(logits, negatives.log_q)
    if negatives.mask is not None:
        logits = mask_logits(logits, ops.logical_not(ops.cast(negatives.mask, "bool")))
    removal = remove_accidental_hits, remove_false_negatives
    query_codes, item_codes = codes_to_remove(negatives, ops.shape(logits), *removal)
    if item_codes is not None:
        batch, num_candidates = ops.shape(logits)
        of_positives = query_codes, item_codes[:batch]
        logits = mask_logits(logits, false_negatives(query_codes, item_codes, of_positives, num_candidates))
    return ops.concatenate([logits, *drawn_logits(queries, negatives, temperature, *removal)], axis=1)


def drawn_logits(
    queries: Tensor,
    negatives: Negatives,
    temperature: float | None,
    remove_accidental_hits: bool,
    remove_false_negatives: bool,
) -> list[Tensor]:
    """Return corrected and masked logits of `shared` `[batch, n]` and `per_query` negatives `[batch, m]`."""
    batch, codes = ops.shape(queries)[0], negatives.candidate_codes
    if codes is not None:
        removal = remove_accidental_hits, remove_false_negatives
        query_codes, codes = codes_to_remove(negatives, (batch, ops.shape(codes)[0]), *removal)
    found = []
    for drawn, scores_of in ((negatives.shared, pairwise_scores), (negatives.per_query, per_query_scores)):
        if drawn is None:
            continue
        logits = scores_of(queries, drawn.vectors) / (temperature or 1.0)
        if drawn.log_q is not None:
            logits = logits - ops.cast(drawn.log_q, logits.dtype)
        if drawn.codes is not None and codes is not None:
            num_shared = 0 if negatives.shared is None else ops.shape(negatives.shared.vectors)[0]
            of_batch, of_drawn = (query_codes, codes[:batch]), ops.cast(drawn.codes, "int32")
            is_positive = false_negatives(query_codes, of_drawn, of_batch, ops.shape(codes)[0] + num_shared)
            logits = ops.where(is_positive, MASKED_LOGIT, logits)
        if drawn.mask is not None:
            logits = ops.where(ops.cast(drawn.mask, "bool"), logits, MASKED_LOGIT)
        found.append(logits)
    return found


def positive_logits(queries: Tensor, candidates: Tensor, temperature: float | None) -> Tensor:
    """Return the uncorrected logit of each query's positive, `[batch, 1]`."""
    candidates = candidates[: ops.shape(queries)[0]]
    return ops.expand_dims(true_scores(queries, candidates), 1) / (temperature or 1.0)


def labeled(logits: Tensor, num_hard_negatives: int | None) -> tuple[Tensor, Tensor]:
    """Return labels and logits, of the hard negatives alone if their number is given."""
    if num_hard_negatives is not None:
        logits, labels = keep_hard_negatives(logits, num_hard_negatives)
        return labels, logits
    return ops.cast(positives(*ops.shape(logits)), logits.dtype), logits


def reduced(losses: Tensor, sample_weight: Tensor | None, reduction: str) -> Tensor:
    """Return the weighted mean or sum of `losses` `[batch]`."""
    return (weighted_mean if reduction == "mean" else weighted_sum)(losses, sample_weight)
