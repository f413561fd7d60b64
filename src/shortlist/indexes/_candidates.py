"""Reads candidates, wherever they come from, into vectors and ids."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from shortlist import backend
from shortlist.errors import ArgumentError
from shortlist.ids import as_array, id_array
from shortlist.typing import ArrayLike

__all__ = [
    "Candidates",
    "as_features",
    "check_vectors",
    "holds_text",
    "iterate_candidates",
    "read_candidates",
    "tensors_hold_text",
    "to_numpy",
]


class Candidates(NamedTuple):
    """What a dataset says of candidates."""

    vectors: np.ndarray
    """`[n, dim]`."""
    ids: np.ndarray | None = None
    """`[n]`; None where the dataset has none."""
    attributes: dict[str, list[Any]] | None = None
    """By name, n values or lists of values; None where the dataset has none."""


def iterate_candidates(
    batches: Iterable[Any], encoder: Callable[[Any], Any] | None = None
) -> Iterator[Candidates]:
    """Candidates, a batch at a time.

    Args:
        batches: A `tf.data.Dataset` or another iterable of batches: vectors `[n, dim]`; or ids `[n]` and
            vectors; or ids, vectors, and a dict of attributes. With an encoder, features stand in the place
            of vectors.
        encoder: What turns features into vectors, such as the candidate tower.

    Yields:
        Each batch.

    Raises:
        ArgumentError: When a batch has another shape, or as many ids as vectors are not there.
    """
    for number, batch in enumerate(batches):
        parts = batch if isinstance(batch, tuple) and len(batch) in (2, 3) else (None, batch)
        ids, features, columns = (*parts, None)[:3]
        vectors = to_numpy(features if encoder is None else encoder(features))
        if vectors.ndim != 2:
            raise ArgumentError(
                f"candidate batch {number} has shape {vectors.shape}; expected [batch, dim]. A dataset "
                "that was batched twice, "
                "or not at all, looks like this."
            )
        ids = None if ids is None else id_array(to_numpy(ids))
        if ids is not None and ids.shape != vectors.shape[:1]:
            raise ArgumentError(
                f"candidate batch {number} has ids of shape {ids.shape} and vectors of shape "
                f"{vectors.shape}; expected one "
                "id for each vector."
            )
        yield Candidates(vectors, ids, None if columns is None else _plain(columns))


def _plain(columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    plain = {name: to_numpy(values).tolist() for name, values in columns.items()}
    return {name: [_as_text(value) for value in values] for name, values in plain.items()}


def _as_text(value: Any) -> Any:
    """Text of tensors, which comes as bytes, as text."""
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    return value.decode() if isinstance(value, bytes) else value


def read_candidates(batches: Iterable[Any], encoder: Callable[[Any], Any] | None = None) -> Candidates:
    """All candidates in memory.

    Args:
        batches: As in `iterate_candidates`.
        encoder: As in `iterate_candidates`.

    Returns:
        All of them as one.

    Raises:
        ArgumentError: When there is no candidate at all, or only some batches have ids, or an attribute.
    """
    parts = list(iterate_candidates(batches, encoder))
    if not parts:
        raise ArgumentError(
            "the dataset of candidates holds none; expected at least one batch. A generator that was read "
            "before is empty: "
            "pass something that can be read again, such as a tf.data.Dataset or a list."
        )
    widths = {part.vectors.shape[1] for part in parts}
    if len(widths) > 1:
        raise ArgumentError(f"batches of candidates have dim {sorted(widths)}; expected one for all.")
    ids = _of_all_or_none("ids", [part.ids for part in parts])
    each = [part.attributes or {} for part in parts]
    columns = {
        name: _of_all_or_none(f"attribute {name!r}", [of.get(name) for of in each])
        for name in dict.fromkeys(name for of in each for name in of)
    }
    return Candidates(
        np.concatenate([part.vectors for part in parts]),
        np.concatenate(ids) if ids else None,
        {name: [value for part in values for value in part] for name, values in columns.items()} or None,
    )


def _of_all_or_none(what: str, parts: list[Any]) -> list[Any]:
    there = [part for part in parts if part is not None]
    if len(there) not in (0, len(parts)):
        raise ArgumentError(
            f"{len(there)} of {len(parts)} batches of candidates have {what}; expected all or none."
        )
    return there


def check_vectors(vectors: ArrayLike) -> np.ndarray:
    """Vectors as a float32 matrix, checked.

    Args:
        vectors: `[num_candidates, dim]`, finite numbers.

    Returns:
        The same, float32.

    Raises:
        ArgumentError: When there are none, the rank is not 2 or a number is not finite.
    """
    matrix = to_numpy(vectors)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ArgumentError(
            f"candidates came with shape {matrix.shape}; expected [num_candidates, dim], neither 0."
        )
    matrix = np.asarray(matrix, "float32")
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        raise ArgumentError(
            f"candidate {row} has a vector with NaN or infinity, and {int((~finite).sum())} of "
            f"{len(matrix)} have; expected "
            "finite numbers. Look for NaN features, or for a training that diverged."
        )
    return matrix


def to_numpy(value: Any) -> np.ndarray:
    """A tensor of any backend, text included, or a list as a NumPy array.

    Args:
        value: A tensor, array or sequence.

    Returns:
        An array; text of tensors comes as bytes in an object array.
    """
    if isinstance(value, np.ndarray):  # of which some backends take long to say that it is no tensor
        return value
    if keras.ops.is_tensor(value) and getattr(value.dtype, "name", "") != "string":
        return np.asarray(keras.ops.convert_to_numpy(value))
    return value.numpy() if keras.ops.is_tensor(value) else as_array(value)


def as_features(queries: Any) -> Any:
    """Return queries in lists or arrays as a query model takes them: tensors, or arrays of text."""
    if isinstance(queries, dict):
        return {name: as_features(value) for name, value in queries.items()}
    if backend.is_symbolic(queries) or keras.ops.is_tensor(queries):
        return queries
    try:
        if not tensors_hold_text() and holds_text(np.asarray(queries)):
            return as_array(queries)  # the query model may look it up; JAX would make numbers of digits
        return keras.ops.convert_to_tensor(queries)
    except (TypeError, ValueError):  # lists of several lengths
        return as_array(queries)


def holds_text(array: np.ndarray) -> bool:
    """Return whether an array holds text or bytes."""
    if array.dtype == object:
        return any(isinstance(value, str | bytes) for value in array.flat)
    return array.dtype.kind in "STU"


def tensors_hold_text() -> bool:
    """Return whether the backend's tensors hold text."""
    return keras.config.backend() == "tensorflow"
