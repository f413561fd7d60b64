"""Masks of negatives that a query must not be trained against."""

from keras import ops

from shortlist.typing import Tensor

__all__ = ["MASKED_LOGIT", "accidental_hits", "false_negatives", "mask_logits", "positives"]

MASKED_LOGIT = -1e9
"""Far enough below any real logit that its softmax mass is exactly 0 in float32, near enough that a loss that
multiplies it by a label of 0 stays finite."""


def positives(num_queries: Tensor | int, num_candidates: Tensor | int) -> Tensor:
    """Return a mask `[num_queries, num_candidates]` of the positives: candidate i for query i.

    Args:
        num_queries: Number of rows.
        num_candidates: Number of columns, at least `num_queries`; further ones are negatives of all queries.

    Example:
        >>> tuple(positives(2, 3).shape)
        (2, 3)
    """
    return ops.expand_dims(ops.arange(num_queries), 1) == ops.expand_dims(ops.arange(num_candidates), 0)


def accidental_hits(candidate_codes: Tensor, num_queries: Tensor | int) -> Tensor:
    """Return a mask `[num_queries, num_candidates]` of negatives that are the positive's item.

    `hit[i, j] = (j != i) and codes[j] == codes[i]`

    Args:
        candidate_codes: `[num_candidates]`, integers that are equal exactly where the candidates' ids are.
        num_queries: Number of queries; their positives are the first candidates.

    Reference: Yi et al., "Sampling-Bias-Corrected Neural Modeling for Large Corpus Item Recommendations",
        RecSys 2019.
    """
    own = ops.expand_dims(candidate_codes[:num_queries], 1)
    same = own == ops.expand_dims(candidate_codes, 0)
    return ops.logical_and(same, ops.logical_not(positives(num_queries, ops.shape(candidate_codes)[0])))


def false_negatives(
    query_codes: Tensor, candidate_codes: Tensor, examples: tuple[Tensor, Tensor], num_codes: Tensor | int
) -> Tensor:
    """Return a mask `[num_queries, num_candidates]` of candidates that are a positive of the query.

    `known[i, j] = exists r: query[r] == query_codes[i] and item[r] == candidate_codes[j]` over examples r.
    The query's own positive and accidental hits are among them.

    Args:
        query_codes: `[num_queries]`, integers in `[0, num_codes)`.
        candidate_codes: `[num_candidates]`, or `[num_queries, num_candidates]` for candidates of each query.
            Codes outside `[0, num_codes)` are no positives.
        examples: Query and item codes of the examples, `[num_examples]` each, in `[0, num_codes)`.
        num_codes: Upper bound of codes.
    """
    num_queries = ops.shape(query_codes)[0]
    # One line of a table for each query; examples of other queries write to a last line that is not read.
    line_of = ops.full((num_codes,), num_queries, dtype="int32")
    lines = ops.arange(num_queries, dtype="int32")
    line_of = ops.scatter_update(line_of, ops.expand_dims(query_codes, 1), lines)
    slots = ops.stack([ops.take(line_of, examples[0]), ops.cast(examples[1], "int32")], axis=1)
    table = ops.zeros((num_queries + 1, num_codes + 1), "int32")
    table = ops.scatter_update(table, slots, ops.ones_like(slots[:, 0]))
    known = ops.take(table, ops.take(line_of, query_codes), axis=0) > 0
    is_code = ops.logical_and(candidate_codes >= 0, candidate_codes < num_codes)
    codes = ops.where(is_code, candidate_codes, num_codes)  # the last column is empty
    if len(codes.shape) == 1:
        return ops.take(known, codes, axis=1)
    return ops.take_along_axis(known, codes, axis=1)


def mask_logits(logits: Tensor, removed: Tensor) -> Tensor:
    """Return logits with `MASKED_LOGIT` where `removed`; positives stay.

    Args:
        logits: `[num_queries, num_candidates]`, float32; column i of row i is the positive.
        removed: `[num_queries, num_candidates]`, bool.
    """
    removed = ops.logical_and(removed, ops.logical_not(positives(*ops.shape(logits))))
    return ops.where(removed, ops.cast(MASKED_LOGIT, logits.dtype), logits)
