"""Read candidates from tensors, arrays, lists or datasets."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from shortlist import backend
from shortlist.errors import ArgumentError, must
from shortlist.ids import as_array, id_array
from shortlist.typing import ArrayLike

__all__ = [
    "Candidates",
    "as_features",
    "check_vectors",
    "holds_text",
    "iterate_candidates",
    "plain_ids",
    "read_candidates",
    "tensors_hold_text",
    "to_numpy",
]


class Candidates(NamedTuple):
    """Vectors, ids and attributes of candidates."""

    vectors: np.ndarray
    """`[n, dim]`."""
    ids: np.ndarray | None = None
    """`[n]`; None if the dataset has no ids."""
    attributes: dict[str, list[Any]] | None = None
    """n entries by attribute, values or lists of values; None if the dataset has no attributes."""


def iterate_candidates(
    batches: Iterable[Any], encoder: Callable[[Any], Any] | None = None
) -> Iterator[Candidates]:
    """Yield candidates batch by batch.

    Args:
        batches: `tf.data.Dataset` or other iterable of vectors `[n, dim]`, of `(ids, vectors)` or of
            `(ids, vectors, attributes)` with a dict of attributes.
        encoder: Model that maps features to vectors, such as the candidate tower, if batches hold features
            instead of vectors.

    Yields:
        One `Candidates` per batch.

    Raises:
        ArgumentError: If vectors are not `[n, dim]`, or there is not one id per vector.
    """
    for number, batch in enumerate(batches):
        parts = batch if isinstance(batch, tuple) and len(batch) in (2, 3) else (None, batch)
        ids, features, columns = (*parts, None)[:3]
        vectors = to_numpy(features if encoder is None else encoder(features))
        if vectors.ndim != 2:
            raise ArgumentError(
                must(
                    f"candidate batch {number}",
                    "have shape [batch, dim]",
                    got=vectors.shape,
                    fix="Batch the dataset exactly once",
                )
            )
        ids = None if ids is None else id_array(to_numpy(ids))
        if ids is not None and ids.shape != vectors.shape[:1]:
            raise ArgumentError(
                must(
                    f"candidate batch {number}",
                    "have one id for each vector",
                    got=f"ids of shape {ids.shape} and vectors of shape {vectors.shape}",
                )
            )
        yield Candidates(vectors, ids, None if columns is None else _plain(columns))


def _plain(columns: Mapping[str, Any]) -> dict[str, list[Any]]:
    plain = {name: to_numpy(values).tolist() for name, values in columns.items()}
    return {name: [_as_text(value) for value in values] for name, values in plain.items()}


def _as_text(value: Any) -> Any:
    """Decode the bytes that TensorFlow returns for strings."""
    if isinstance(value, list):
        return [_as_text(one) for one in value]
    return value.decode() if isinstance(value, bytes) else value


def read_candidates(batches: Iterable[Any], encoder: Callable[[Any], Any] | None = None) -> Candidates:
    """Read all candidates of a dataset into memory.

    Args:
        batches: As in `iterate_candidates`.
        encoder: As in `iterate_candidates`.

    Returns:
        Candidates of all batches, concatenated.

    Raises:
        ArgumentError: If there are no batches, their widths differ, or only some batches have ids or an
            attribute.
    """
    parts = list(iterate_candidates(batches, encoder))
    if not parts:
        raise ArgumentError(
            must(
                "the dataset of candidates",
                "hold at least one batch",
                got="none",
                fix="If it is a generator that was read before, pass a tf.data.Dataset or a list",
            )
        )
    widths = {part.vectors.shape[1] for part in parts}
    if len(widths) > 1:
        got = f"dim {sorted(widths)}"
        raise ArgumentError(must("batches of candidates", "have vectors of the same dimension", got=got))
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
        got = f"{len(there)} of {len(parts)} batches with it"
        raise ArgumentError(must(what, "be in all batches of candidates or in none", got=got))
    return there


def check_vectors(vectors: ArrayLike) -> np.ndarray:
    """Return vectors as a float32 matrix.

    Args:
        vectors: `[num_candidates, dim]`, finite.

    Returns:
        `[num_candidates, dim]`, float32.

    Raises:
        ArgumentError: If the array is empty, its rank is not 2 or a number is not finite.
    """
    matrix = to_numpy(vectors)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ArgumentError(
            must("candidates", "have shape [num_candidates, dim], both > 0", got=matrix.shape)
        )
    matrix = np.asarray(matrix, "float32")
    finite = np.isfinite(matrix).all(axis=1)
    if not finite.all():
        row = int(np.argmin(finite))
        num_bad = int((~finite).sum())
        raise ArgumentError(
            must(
                f"candidate {row}",
                "have a finite vector",
                got=f"NaN or infinity (in {num_bad} of {len(matrix)} candidates)",
                fix="Look for NaN in the features, or for a diverged model",
            )
        )
    return matrix


def to_numpy(value: Any) -> np.ndarray:
    """Convert a tensor of any backend or a list to a NumPy array.

    Args:
        value: Tensor (including TensorFlow string tensors), array or sequence.

    Returns:
        Array; strings of tensors become bytes in an object array.
    """
    if isinstance(value, np.ndarray):  # shortcut: `is_tensor` is slow on some backends
        return value
    if keras.ops.is_tensor(value) and getattr(value.dtype, "name", "") != "string":
        return np.asarray(keras.ops.convert_to_numpy(value))
    return value.numpy() if keras.ops.is_tensor(value) else as_array(value)


def plain_ids(ids: Any) -> Any:
    """Convert ids in a tensor, or in a list of tensors, to arrays; other lists stay as they are."""
    if keras.ops.is_tensor(ids):
        return to_numpy(ids)
    if isinstance(ids, list | tuple) and ids and keras.ops.is_tensor(ids[0]):
        return [to_numpy(one) for one in ids]
    return ids


def as_features(queries: Any) -> Any:
    """Convert lists and arrays to inputs of a query model: tensors, or arrays of text."""
    if isinstance(queries, dict):
        return {name: as_features(value) for name, value in queries.items()}
    if backend.is_symbolic(queries) or keras.ops.is_tensor(queries):
        return queries
    try:
        if not tensors_hold_text() and holds_text(np.asarray(queries)):
            return as_array(queries)  # for query models with lookups; JAX would parse digits as numbers
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
