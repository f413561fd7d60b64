"""Compare the answers of an export with those of the index in memory."""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from shortlist.errors import ArtifactError, must
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
    """Load a SavedModel and compare every signature with the index.

    Args:
        folder: SavedModel folder.
        index: Index that was exported.
        queries: A few queries for the index.
        examples: The same queries as raw features by input name.
        k: Number of results of `serving_default`.
        max_k: Largest `k` of a request.

    Raises:
        ArtifactError: If scores differ by more than rounding, or ids differ where scores are not tied.
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
            fix = "Look for a layer of the query model that uses Python state or random numbers"
            requirement = f"return {_first(expected)} like the index"
            raise ArtifactError(must(f"signature {name!r}", requirement, got=_first(answer), fix=fix))


def _first(answer: Answer) -> str:
    """Describe the first results of the first query."""
    scores, ids = answer
    return f"{ids[:1, :5].tolist()} with scores {scores[:1, :5].tolist()}"


def _ask(signature: Any, inputs: Mapping[str, Any]) -> Answer:
    """Call a signature; a missing input filters nothing."""
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
    """Return whether scores are equal up to rounding and every id has its score.

    An approximate index may probe more partitions in one of the two, and find better candidates there.
    """
    finite = expected[0][np.isfinite(expected[0])]
    tolerance = _TOLERANCE * max(1.0, float(np.abs(finite).max(initial=0)))
    if got[0].shape != expected[0].shape or (np.isfinite(got[0]) != np.isfinite(expected[0])).any():
        return False
    if index.is_exact() and not np.allclose(got[0], expected[0], rtol=0, atol=tolerance):
        return False
    if (got[1] == _as_tensor(expected[1])).all() and index.is_exact():
        return True
    # Ids may differ where two scores are tied up to rounding.
    true_scores = index.score(queries, got[1])
    are_distinct = all(len(set(line)) == len(line) for line in _without_padding(got))
    return are_distinct and np.allclose(got[0], true_scores, rtol=0, atol=tolerance)


def _without_padding(answer: Answer) -> list[list[Any]]:
    pairs = zip(*answer, strict=True)
    return [ids[np.isfinite(scores)].tolist() for scores, ids in pairs]


def _as_tensor(ids: np.ndarray) -> np.ndarray:
    """Return ids as a tensor does: strings become UTF-8 bytes."""
    return tf.constant(ids).numpy() if ids.dtype == object else ids
