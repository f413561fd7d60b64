"""Pure functions on tensors: scores, masks, logQ corrections, weighted reductions."""

from shortlist.ops._masking import MASKED_LOGIT, accidental_hits, false_negatives, mask_logits, positives
from shortlist.ops._negatives import keep_hard_negatives
from shortlist.ops._sampling import correct_logits, log_frequency, log_probability
from shortlist.ops._scores import (
    check_shapes,
    pairwise_scores,
    per_query_scores,
    true_scores,
    unit_vectors,
)
from shortlist.ops._weights import weighted_mean, weighted_sum

__all__ = [
    "MASKED_LOGIT",
    "accidental_hits",
    "check_shapes",
    "correct_logits",
    "false_negatives",
    "keep_hard_negatives",
    "log_frequency",
    "log_probability",
    "mask_logits",
    "pairwise_scores",
    "per_query_scores",
    "positives",
    "true_scores",
    "unit_vectors",
    "weighted_mean",
    "weighted_sum",
]
