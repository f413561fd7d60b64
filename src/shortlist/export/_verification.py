"""Whether an exported index answers as the index in memory."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.errors import ArtifactError
from shortlist.indexes import StoredIndex

__all__ = ["Answer", "check_answers"]

_TOLERANCE = 1e-5

Answer = tuple[np.ndarray, np.ndarray]
"""Scores and ids."""


def check_answers(
    folder: str | os.PathLike[str],
    index: StoredIndex,
    queries: Any,
    examples: Mapping[str, np.ndarray],
    k: int,
    max_k: int,
) -> None:
    """Loads a SavedModel, and compares every signature with the index.

    Args:
        folder: The SavedModel.
        index: What was exported.
        queries: A few queries as the index takes them.
        examples: The same as raw features by input name.
        k: Of `serving_default`.
        max_k: The most that a request may ask for.

    Raises:
        ArtifactError: Scores differ by more than rounding, or ids where scores are not equal.
    """
    signatures = tf.saved_model.load(os.fspath(folder)).signatures
    longest = index(queries, k=max_k)
    best = longest[1][:, :1]
    for name, inputs, expected in [
        ("serving_default", {}, index(queries, k=k)),
        ("top_k", {"k": max_k}, longest),
        ("serving_with_exclusions", {"exclude": best}, index(queries, k=k, exclude=best)),
        ("search", {"k": k, "allow": best}, index(queries, k=k, allow=best)),
        ("search", {"k": k, "exclude": best}, index(queries, k=k, exclude=best)),
    ]:
        answer = _ask(signatures[name], {**examples, **inputs})
        if not _is_same(answer, expected, index, queries):
            raise ArtifactError(
                f"signature {name!r} answers {_first(answer)}, the index {_first(expected)}: a layer of the "
                "query model computes otherwise in a graph, as one with Python state or random numbers does"
            )


def _first(answer: Answer) -> str:
    """The first few of the first query, for an error."""
    scores, ids = answer
    return f"{ids[:1, :5].tolist()} with scores {scores[:1, :5].tolist()}"


def _ask(signature: Any, inputs: Mapping[str, Any]) -> Answer:
    """The answer to a request; an input that is not given filters nothing."""
    specs = signature.structured_input_signature[1]
    num_queries = len(next(iter(inputs.values())))
    given = {
        name: tf.constant(inputs[name], spec.dtype)
        if name in inputs
        else tf.zeros((num_queries, 0), spec.dtype)
        for name, spec in specs.items()
    }
    answer = signature(**given)
    return answer["scores"].numpy(), answer["ids"].numpy()


def _is_same(got: Answer, expected: Answer, index: StoredIndex, queries: Any) -> bool:
    """Whether scores are equal but for rounding, and every id has the score that stands next to it.

    An index that is not exact may look into more partitions in one than in the other, and find better ones.
    """
    finite = expected[0][np.isfinite(expected[0])]
    tolerance = _TOLERANCE * max(1.0, float(np.abs(finite).max(initial=0)))
    if got[0].shape != expected[0].shape or (np.isfinite(got[0]) != np.isfinite(expected[0])).any():
        return False
    if index.is_exact() and not np.allclose(got[0], expected[0], rtol=0, atol=tolerance):
        return False
    if (got[1] == _as_tensor(expected[1])).all() and index.is_exact():
        return True
    # Ids may differ where two scores are equal but for rounding.
    true_scores = index.score(queries, got[1])
    are_distinct = all(len(set(line)) == len(line) for line in _without_padding(got))
    return are_distinct and np.allclose(got[0], true_scores, rtol=0, atol=tolerance)


def _without_padding(answer: Answer) -> list[list[Any]]:
    pairs = zip(*answer, strict=True)
    return [ids[np.isfinite(scores)].tolist() for scores, ids in pairs]


def _as_tensor(ids: np.ndarray) -> np.ndarray:
    """Ids as a tensor gives them back: text as bytes of UTF-8."""
    return tf.constant(ids).numpy() if ids.dtype == object else ids
