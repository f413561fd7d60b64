"""Correction of the softmax for how often each candidate comes up as a negative (logQ)."""

from keras import ops

from shortlist.typing import Tensor

__all__ = ["correct_logits", "log_frequency", "log_probability"]


def correct_logits(logits: Tensor, candidate_log_probability: Tensor) -> Tensor:
    """Subtract the log sampling probability of each candidate from its logits.

    `corrected[i, j] = logits[i, j] - log q[j]`, so that the sampled softmax estimates the softmax over the
    full catalog.

    Args:
        logits: `[num_queries, num_candidates]`.
        candidate_log_probability: `[num_candidates]`, natural logarithm of the chance to be drawn.

    Returns:
        `[num_queries, num_candidates]`.

    Example:
        >>> import numpy as np
        >>> corrected = correct_logits(np.float32([[1.0, 1.0]]), np.log(np.float32([0.5, 0.25])))
        >>> [round(value, 4) for value in np.asarray(corrected)[0].tolist()]
        [1.6931, 2.3863]

    Source: Bengio and Senecal, Adaptive Importance Sampling, 2008; Yi et al., Sampling-Bias-Corrected Neural
    Modeling for Large Corpus Item Recommendations, 2019.
    """
    return logits - ops.expand_dims(ops.cast(candidate_log_probability, logits.dtype), 0)


def log_probability(probability: Tensor, *, smallest: float = 1e-6) -> Tensor:
    """Return the natural logarithm of sampling probabilities, clipped to at least `smallest`.

    Args:
        probability: `[num_candidates]`, in `[0, 1]`.
        smallest: Lower bound, since log 0 is undefined.

    Returns:
        `[num_candidates]`, float32.

    Source: the bounds are those of TensorFlow Recommenders' `SamplingProbablityCorrection`.
    """
    return ops.log(ops.clip(ops.cast(probability, "float32"), smallest, 1.0))


def log_frequency(counts: Tensor, total: Tensor) -> Tensor:
    """Return `log(counts / total)`; a candidate that was never counted counts once.

    Args:
        counts: `[num_candidates]`, float32, occurrences of each candidate.
        total: Scalar, float32, occurrences of all candidates.

    Returns:
        `[num_candidates]`, float32.
    """
    return ops.log(ops.maximum(counts, 1.0)) - ops.log(ops.maximum(total, 1.0))
