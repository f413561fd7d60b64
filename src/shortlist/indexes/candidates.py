"""Reads candidates, wherever they come from, into vectors and ids."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import keras
import numpy as np

from shortlist.errors import ArgumentError
from shortlist.features.ids import as_array, id_array
from shortlist.typing import ArrayLike

__all__ = ["check_vectors", "iterate_candidates", "read_candidates", "to_numpy"]


def iterate_candidates(
    batches: Iterable[Any], encoder: Callable[[Any], Any] | None = None
) -> Iterator[tuple[np.ndarray | None, np.ndarray]]:
    """Ids and vectors of candidates, a batch at a time.

    Args:
        batches: A `tf.data.Dataset` or another iterable of batches: vectors `[n, dim]`, or pairs of ids `[n]`
            and vectors. With an encoder, features stand in the place of vectors.
        encoder: What turns features into vectors, such as the candidate tower.

    Yields:
        The ids, None where there are none, and the vectors `[n, dim]` as NumPy arrays.

    Raises:
        ArgumentError: When a batch has another shape, or as many ids as vectors are not there.
    """
    for number, batch in enumerate(batches):
        ids, features = batch if isinstance(batch, tuple) and len(batch) == 2 else (None, batch)
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
        yield ids, vectors


def read_candidates(
    batches: Iterable[Any], encoder: Callable[[Any], Any] | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """All candidates in memory.

    Args:
        batches: As in `iterate_candidates`.
        encoder: As in `iterate_candidates`.

    Returns:
        Vectors `[num_candidates, dim]`, and ids `[num_candidates]` or None where no batch has ids.

    Raises:
        ArgumentError: When there is no candidate at all, or only some batches have ids.
    """
    parts = list(iterate_candidates(batches, encoder))
    if not parts:
        raise ArgumentError(
            "the dataset of candidates holds none; expected at least one batch. A generator that was read "
            "before is empty: "
            "pass something that can be read again, such as a tf.data.Dataset or a list."
        )
    widths = {part.shape[1] for _, part in parts}
    if len(widths) > 1:
        raise ArgumentError(f"batches of candidates have dim {sorted(widths)}; expected one for all.")
    vectors = np.concatenate([part for _, part in parts])
    ids = [part for part, _ in parts if part is not None]
    if not ids:
        return vectors, None
    if len(ids) != len(parts):
        raise ArgumentError(
            f"{len(ids)} of {len(parts)} batches of candidates have ids; expected all or none."
        )
    return vectors, np.concatenate(ids)


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
    if keras.ops.is_tensor(value) and getattr(value.dtype, "name", "") != "string":
        return np.asarray(keras.ops.convert_to_numpy(value))
    return value.numpy() if keras.ops.is_tensor(value) else as_array(value)
