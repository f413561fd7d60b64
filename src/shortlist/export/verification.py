"""Whether an exported index answers as the index in memory."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.errors import ArtifactError
from shortlist.indexes import BruteForce

__all__ = ["Answer", "check_answers"]

_TOLERANCE = 1e-5

Answer = tuple[np.ndarray, np.ndarray]
"""Scores and ids."""


def check_answers(
    folder: str | os.PathLike[str],
    index: BruteForce,
    queries: Any,
    examples: Mapping[str, np.ndarray],
    k: int,
) -> None:
    """Loads a SavedModel, and compares every signature with the index.

    Args:
        folder: The SavedModel.
        index: What was exported.
        queries: A few queries as the index takes them.
        examples: The same as raw features by input name.
        k: Of `serving_default`.

    Raises:
        ArtifactError: Scores differ by more than rounding, or ids where scores are not equal.
    """
    signatures = tf.saved_model.load(os.fspath(folder)).signatures
    ranking = index(queries, k=index.num_candidates)
    best = ranking[1][:, :1]
    for name, more, expected in [
        ("serving_default", {}, index(queries, k=k)),
        ("top_k", {"k": index.num_candidates}, ranking),
        ("serving_with_exclusions", {"exclude": best}, index(queries, k=k, exclude=best)),
    ]:
        answer = _ask(signatures[name], {**examples, **more})
        if not _is_same(answer, _as_tensors(expected), _as_tensors(ranking)):
            raise ArtifactError(
                f"signature {name!r} answers {answer[1][:1].tolist()} with scores {answer[0][:1].tolist()}, "
                f"the index {expected[1][:1].tolist()} with {expected[0][:1].tolist()}: a layer of the query "
                "model computes otherwise in a graph, as one with Python state or random numbers does"
            )


def _ask(signature: Any, inputs: Mapping[str, Any]) -> Answer:
    specs = signature.structured_input_signature[1]
    answer = signature(**{name: tf.constant(inputs[name], spec.dtype) for name, spec in specs.items()})
    return answer["scores"].numpy(), answer["ids"].numpy()


def _as_tensors(answer: Answer) -> Answer:
    """Ids as a tensor gives them back: text as bytes of UTF-8."""
    scores, ids = answer
    return scores, tf.constant(ids).numpy() if ids.dtype == object else ids


def _is_same(got: Answer, expected: Answer, ranking: Answer) -> bool:
    """Whether scores are equal but for rounding, and every id has the score that stands beside it."""
    tolerance = _TOLERANCE * max(1.0, float(np.abs(ranking[0]).max()))
    if got[0].shape != expected[0].shape or not np.allclose(got[0], expected[0], rtol=0, atol=tolerance):
        return False
    # Ids may differ where two scores are equal but for rounding.
    others = np.flatnonzero((got[1] != expected[1]).any(axis=1))
    return all(
        _is_true(got[0][row], got[1][row], (ranking[0][row], ranking[1][row]), tolerance) for row in others
    )


def _is_true(scores: np.ndarray, ids: np.ndarray, ranking: Answer, tolerance: float) -> bool:
    score_of = dict(zip(ranking[1].tolist(), ranking[0].tolist(), strict=True))
    true_scores = [score_of.get(one, -np.inf) for one in ids.tolist()]
    return len(set(ids.tolist())) == len(ids) and np.allclose(scores, true_scores, rtol=0, atol=tolerance)
