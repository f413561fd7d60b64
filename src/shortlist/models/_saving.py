"""Load saved models and indexes."""

import os
import zipfile
from typing import Any

import keras

from shortlist import optimizers  # noqa: F401 - importing them makes them known to Keras by name
from shortlist.artifacts import check_undamaged
from shortlist.errors import ArtifactError, must
from shortlist.indexes import Index

__all__ = ["load_model"]


def load_model(path: str | os.PathLike[str], custom_objects: dict[str, Any] | None = None) -> Any:
    """Load a model or an index that was saved with `save("x.keras")`.

    Like `keras.saving.load_model`, with Shortlist's classes registered.

    Args:
        path: A `.keras` file.
        custom_objects: Your own classes by name, if they are not registered with Keras.

    Returns:
        The model or index, with its weights, optimizer state, candidates and ids.

    Raises:
        ArtifactError: If there is no such file, it is damaged, or an index's query model was not restored.

    Example:
        >>> import numpy as np, tempfile, shortlist as sl
        >>> path = tempfile.mkdtemp() + "/index.keras"
        >>> sl.indexes.BruteForce().index(np.eye(2, dtype="float32"), ids=["Up", "Heat"]).save(path)
        >>> sl.load_model(path)(np.float32([[0, 1]]), k=1)[1].tolist()
        [['Heat']]
    """
    check_undamaged(path)
    try:
        model = keras.saving.load_model(path, custom_objects=custom_objects)
    except zipfile.BadZipFile as error:  # in a file that Keras wrote, without our checksum
        requirement = "be unchanged since it was saved"
        raise ArtifactError(must(os.fspath(path), requirement, got=error, fix="Save it again")) from error
    index = getattr(model, "wrapped", model)  # an index layer of `shortlist.tfrs` holds one
    if isinstance(index, Index):
        index.check_restored()
    return model
