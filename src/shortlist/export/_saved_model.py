"""An index as a TensorFlow SavedModel."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import keras

from shortlist.artifacts import publishing
from shortlist.errors import ArgumentError, BackendError, MissingExtraError
from shortlist.indexes import StoredIndex
from shortlist.indexes._base import check_k
from shortlist.typing import Features

__all__ = ["saved_model"]


def saved_model(
    index: StoredIndex,
    path: str | os.PathLike[str],
    *,
    k: int | None = None,
    max_k: int = 100,
    example_inputs: Features | None = None,
    overwrite: bool = False,
) -> Path:
    """Writes an index that runs wherever TensorFlow does: raw query features in, scores and ids out.

    The folder holds lookups, query model, candidates and ids, made of core TensorFlow operators alone;
    neither Shortlist nor Keras is needed to load it. It is loaded and compared with the index before it gets
    its name. `shortlist.artifacts.verify` checks it later against its manifest, whose description holds the
    signatures and a request to try.

    Inputs are named as the query features; one value a row may come as `[batch]` or `[batch, 1]`, lists come
    padded with empty text or -1. Where there is no query model, or its input has no name, it is `queries`.
    Every signature returns `scores`, float32, and `ids`, text or int64, both `[batch, k]`, of no more than
    all candidates:

    - `serving_default`: the k of this export.
    - `top_k`: also takes `k`, int32 `[]`, from 1 to `max_k`.
    - `serving_with_exclusions`: also takes `exclude`, `[batch, num_ids]`, ids that must not come back; those
      that no candidate has are ignored, and so fill up. Where fewer than k candidates are left, scores are
      minus infinity, and ids empty text or -1.
    - `search`: takes `k` and `exclude`; `allow`, `[batch, num_ids]`, the only ids that may come back, of no
      width for all; and for each attribute `where_<name>`, text `[batch, num_values]`, values one of which
      will do, of no width for any. Integers are named by their digits, bools by `true` and `false`.

    Args:
        index: With candidates, exact or `Partitioned`; compacted, where candidates came or went.
        path: The folder to make; for TensorFlow Serving such as `shortlist.artifacts.next_version("films")`.
        k: How many candidates `serving_default` returns; the index's own k when None.
        max_k: The most that a request may ask for; no less than `k` counts.
        example_inputs: Raw queries as the index takes them, at least one, to compare answers by. Needed only
            where the query model does not tell what it takes.
        overwrite: Whether a folder that stands at `path` is replaced.

    Returns:
        The path.

    Raises:
        MissingExtraError: TensorFlow is not installed.
        BackendError: Keras runs on another backend.
        ArgumentError: The index is of another kind, k is below 1, candidates changed since it was built, or
            the inputs of the query model are unknown or have names that no signature can have.
        NotIndexedError: The index holds no candidates.
        ArtifactError: Something stands at `path`; or what was written needs other operators than TensorFlow's
            own, or answers otherwise than the index. Nothing is left behind.

    Example:
        >>> import tempfile, numpy as np, shortlist as sl, tensorflow as tf
        >>> index = sl.indexes.BruteForce(k=1).index(np.eye(2, dtype="float32"), ids=["Heat", "Alien"])
        >>> path = saved_model(index, Path(tempfile.mkdtemp(), "films", "1"))
        >>> answer = tf.saved_model.load(path).signatures["serving_default"]
        >>> answer(queries=tf.constant([[0.1, 0.5]]))["ids"].numpy()
        array([[b'Alien']], dtype=object)
    """
    _check_backend()
    index = _ours(index)
    _check_index(index)
    # Imported here, so that the other backends never load TensorFlow.
    from shortlist.export._writing import write_saved_model

    k = index.k if k is None else check_k(k)
    with publishing(path, overwrite=overwrite) as folder:
        write_saved_model(
            index, folder, k=k, max_k=max(k, check_k(max_k, "max_k")), example_inputs=example_inputs
        )
    return Path(path)


def _ours(index: Any) -> Any:
    """The index that does the work; an index layer of `shortlist.tfrs` holds it in `wrapped`."""
    return getattr(index, "wrapped", index)


def _check_backend() -> None:
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingExtraError("tensorflow", "tensorflow", "export.saved_model")
    if keras.config.backend() != "tensorflow":
        raise BackendError(
            f"a SavedModel is made under TensorFlow, and Keras runs on {keras.config.backend()!r}: save the "
            'index with index.save("index.keras"), and in a new process with KERAS_BACKEND=tensorflow export '
            'what keras.saving.load_model("index.keras") returns'
        )


def _check_index(index: Any) -> None:
    if not isinstance(index, StoredIndex):
        raise ArgumentError(
            f"index: got a {type(index).__name__}, expected a BruteForce or a Partitioned: they hold their "
            "candidates in memory, as an export must. Of a TwoTower, export build_index()"
        )
    index.snapshot()
