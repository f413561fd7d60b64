"""Checks of candidate ids that all backends share."""

from collections import Counter

import numpy as np

from shortlist.errors import ArgumentError, BackendError, must

__all__ = ["check_distinct", "unsupported_ids"]


def check_distinct(ids: np.ndarray) -> None:
    """Raise an ArgumentError if an id is repeated."""
    values = ids.tolist()
    if len(set(values)) < len(values):
        ((repeated, _),) = Counter(values).most_common(1)
        fix = "Keep one candidate per id"
        raise ArgumentError(must("candidate ids", "be distinct", got=f"{repeated!r} more than once", fix=fix))


def unsupported_ids(name: str, requirement: str, got: str) -> BackendError:
    """Return the error for ids that the backend's tensors do not hold."""
    fix = "Encode ids before they reach the model, with Vocabulary.rows or FeatureSpec.encode_candidates"
    return BackendError(must(name, requirement, got=got, fix=fix))
