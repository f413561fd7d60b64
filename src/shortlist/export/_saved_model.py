"""Export an index as a TensorFlow SavedModel."""

import importlib.util
import os
from pathlib import Path
from typing import Any

import keras

from shortlist.artifacts import publishing
from shortlist.errors import ArgumentError, BackendError, MissingExtraError, must
from shortlist.indexes import StoredIndex
from shortlist.search._requests import check_k
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
    """Export an index for TensorFlow Serving: raw query features in, scores and ids out.

    The folder holds lookups, query model, candidates and ids in core TensorFlow operators; loading it needs
    neither Shortlist nor Keras. It is loaded again and compared with the index before it is published.
    `shortlist.artifacts.verify` later checks it against its manifest, which also describes the signatures and
    holds an example request.

    Inputs are named after the query features. Single values may have shape `[batch]` or `[batch, 1]`; lists
    are padded with empty strings or -1. Without a query model, or if its input has no name, the input is
    `queries`. Every signature returns `scores`, float32, and `ids`, string or int64, both `[batch, k]`:

    - `serving_default`: the `k` of this export.
    - `top_k`: also takes `k`, int32 `[]`, from 1 to `max_k`.
    - `serving_with_exclusions`: also takes `exclude`, `[batch, num_ids]`, ids that must not be returned.
      Unknown ids are ignored, so they serve as padding. If fewer than `k` candidates remain, scores are
      padded with minus infinity and ids with empty strings or -1.
    - `search`: takes `k`, `exclude`, and `allow`, `[batch, num_ids]`, the ids to choose from. Each attribute
      has an input `where_<name>`: for a category, strings `[batch, num_values]`, of which a candidate must
      have one, with integers as digits and bools as `true` and `false`; for a number, float32 `[batch, 2]`,
      the lowest and highest value, with NaN for no limit. An input of width 0 does not filter.

    Args:
        index: Exact or partitioned index; call `compact` first if candidates were added or removed.
        path: Folder to create, such as `shortlist.artifacts.next_version("films")` for TensorFlow Serving.
        k: Number of results of `serving_default`; the index's `k` if None.
        max_k: Largest `k` of a request; at least `k`.
        example_inputs: One or more raw queries to compare results with. Needed only if the input of the query
            model is unknown.
        overwrite: Whether to replace an existing folder.

    Returns:
        The path.

    Raises:
        MissingExtraError: If TensorFlow is not installed.
        BackendError: If Keras runs on another backend.
        ArgumentError: If the index cannot be exported, `k` is below 1, candidates changed since it was built,
            or an input of the query model is unknown or has an invalid name.
        NotIndexedError: If the index holds no candidates.
        ArtifactError: If `path` exists, the export needs operators outside of core TensorFlow, or its answers
            differ from those of the index. Nothing is left on disk.

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
    # Imported late: other backends never load TensorFlow.
    from shortlist.export._writing import write_saved_model

    k = index.k if k is None else check_k(k)
    with publishing(path, overwrite=overwrite) as folder:
        write_saved_model(
            index, folder, k=k, max_k=max(k, check_k(max_k, "max_k")), example_inputs=example_inputs
        )
    return Path(path)


def _ours(index: Any) -> Any:
    """Unwrap an index layer of `shortlist.tfrs`."""
    return getattr(index, "wrapped", index)


def _check_backend() -> None:
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingExtraError("tensorflow", "tensorflow", "export.saved_model")
    if keras.config.backend() != "tensorflow":
        raise BackendError(
            must(
                "the Keras backend",
                "be 'tensorflow' for an export",
                got=repr(keras.config.backend()),
                fix='Save the index with index.save("index.keras"), load it in a new process with '
                "KERAS_BACKEND=tensorflow, and export it there",
            )
        )


def _check_index(index: Any) -> None:
    if not isinstance(index, StoredIndex):
        raise ArgumentError(
            must(
                "index",
                "be an index with candidates in memory, BruteForce or Partitioned",
                got=type(index).__name__,
                fix="Export model.build_index() instead of a TwoTower",
            )
        )
    index.snapshot()
