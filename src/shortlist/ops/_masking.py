"""Which negatives a query must not be trained against, and how they leave the softmax."""

from keras import ops

from shortlist.typing import Tensor

__all__ = ["MASKED_LOGIT", "accidental_hits", "false_negatives", "mask_logits", "positives"]

MASKED_LOGIT = -1e9
"""Far enough below any real logit that its softmax mass is exactly 0 in float32, near enough that a loss that
multiplies it by a label of 0 stays finite."""


def positives(num_queries: Tensor | int, num_candidates: Tensor | int) -> Tensor:
    """True where a candidate is the positive of a query: candidate i for query i.

    Args:
        num_queries: Number of rows.
        num_candidates: Number of columns, at least `num_queries`; the further ones are extra negatives.

    Returns:
        `[num_queries, num_candidates]`, bool.

    Example:
        >>> tuple(positives(2, 3).shape)
        (2, 3)
    """
    return ops.expand_dims(ops.arange(num_queries), 1) == ops.expand_dims(ops.arange(num_candidates), 0)


def accidental_hits(candidate_codes: Tensor, num_queries: Tensor | int) -> Tensor:
    """True where a negative of a query is the same item as its positive.

    `hit[i, j] = (j != i) and codes[j] == codes[i]`

    Args:
        candidate_codes: `[num_candidates]`, integers that are equal exactly where the candidates' ids are.
        num_queries: Number of queries; their positives are the first candidates.

    Returns:
        `[num_queries, num_candidates]`, bool.

    Source: Yi et al., Sampling-Bias-Corrected Neural Modeling, 2019, and TensorFlow's
        `compute_accidental_hits`.
    """
    own = ops.expand_dims(candidate_codes[:num_queries], 1)
    same = own == ops.expand_dims(candidate_codes, 0)
    return ops.logical_and(same, ops.logical_not(positives(num_queries, ops.shape(candidate_codes)[0])))


def false_negatives(query_codes: Tensor, candidate_codes: Tensor) -> Tensor:
    """True where a negative of a query is an item that the batch shows as a positive of the same query.

    `known[i, j] = (j != i) and exists r: query[r] == query[i] and candidate[r] == candidate[j]`. With r = i
    this holds for accidental hits too.

    Args:
        query_codes: `[num_queries]`, integers in `[0, num_queries)`, equal exactly where the queries' ids
            are.
        candidate_codes: `[num_candidates]`, integers in `[0, num_candidates)`, equal where the candidates'
            ids are.

    Returns:
        `[num_queries, num_candidates]`, bool.
    """
    num_queries, num_candidates = ops.shape(query_codes)[0], ops.shape(candidate_codes)[0]
    pairs = ops.stack([query_codes, candidate_codes[:num_queries]], axis=1)
    seen = ops.zeros((num_queries, num_candidates), dtype="int32")
    seen = ops.scatter_update(seen, pairs, ops.ones_like(query_codes, dtype="int32"))
    known = ops.take(ops.take(seen, query_codes, axis=0), candidate_codes, axis=1) > 0
    return ops.logical_and(known, ops.logical_not(positives(num_queries, num_candidates)))


def mask_logits(logits: Tensor, removed: Tensor) -> Tensor:
    """Take negatives out of the softmax; a positive always stays.

    Args:
        logits: `[num_queries, num_candidates]`, float32; row i's positive is column i.
        removed: `[num_queries, num_candidates]`, bool; True where the candidate is not to be a negative.

    Returns:
        The logits, `MASKED_LOGIT` where removed.
    """
    removed = ops.logical_and(removed, ops.logical_not(positives(*ops.shape(logits))))
    return ops.where(removed, ops.cast(MASKED_LOGIT, logits.dtype), logits)
