"""Save and load snapshots, with a manifest of checksums."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from shortlist.artifacts import verify, write_manifest
from shortlist.features import Vocabulary
from shortlist.indexes._attributes import Attributes
from shortlist.indexes._engine import Engine
from shortlist.indexes._snapshot import Snapshot

__all__ = ["are_there", "load", "save"]

_FOLDER = "candidates"
_IDS, _DELTA_IDS, _DELTA, _BITS = "ids.parquet", "delta_ids.parquet", "delta.npy", "bits.npy"


def are_there(directory: Path) -> bool:
    """Return whether a folder contains a saved snapshot.

    Args:
        directory: Folder passed to `save`.
    """
    return (directory / _FOLDER).is_dir()


def save(snapshot: Snapshot, directory: Path) -> None:
    """Write a snapshot to the subfolder `candidates`.

    Args:
        snapshot: Snapshot to save.
        directory: Folder to create the subfolder in.
    """
    folder = directory / _FOLDER
    folder.mkdir(parents=True)
    snapshot.engine.save(folder)
    np.save(folder / _BITS, snapshot.bits)
    if snapshot.vocabulary is not None:
        snapshot.vocabulary.save(folder / _IDS)
    if len(snapshot.delta):
        np.save(folder / _DELTA, snapshot.delta)
        Vocabulary(np.array(snapshot.delta_ids, dtype=object)).save(folder / _DELTA_IDS)
    write_manifest(folder, "index", {"attributes": snapshot.attributes.get_config()})


def load(directory: Path, load_engine: Callable[[Path], Engine]) -> Snapshot:
    """Load a snapshot.

    Args:
        directory: Folder passed to `save`.
        load_engine: Loads the files that `Engine.save` wrote.

    Returns:
        Saved snapshot.

    Raises:
        ArtifactError: If a file is missing, truncated or changed. The message names it.
    """
    folder = directory / _FOLDER
    attributes = Attributes.from_config(verify(folder).description["attributes"])
    engine = load_engine(folder)
    delta, delta_ids = np.empty((0, engine.dim), "float32"), ()
    if (folder / _DELTA).exists():
        delta = np.load(folder / _DELTA)
        delta_ids = tuple(Vocabulary.load(folder / _DELTA_IDS).known_ids.tolist())
    vocabulary = Vocabulary.load(folder / _IDS) if (folder / _IDS).exists() else None
    return Snapshot(engine, vocabulary, attributes, np.load(folder / _BITS), delta, delta_ids)
