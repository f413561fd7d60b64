"""Temporary folders next to a target. What a killed process leaves behind, the next save removes."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

__all__ = ["flush", "temporary_folder"]

_SUFFIX = ".shortlist-tmp"
_LOCK = ".lock"
"""File that the process using the folder keeps locked: the system unlocks it when the process dies."""

REPLACED = "old"
"""Where `publishing` puts a folder aside while another takes its name."""


@contextmanager
def temporary_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder next to `target`, removed when the block ends.

    Folders that killed processes left there are removed first.

    Args:
        target: What will be made; its own folder exists.
    """
    _remove_abandoned(target.parent)
    folder, lock = _made(target)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        os.close(lock)


def flush(path: Path) -> None:
    """Put a file's bytes, or a folder's entries, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _made(target: Path) -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=_SUFFIX, dir=target.parent))
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT)
        _is_locked(lock, wait=True)
        if (folder / _LOCK).exists():
            return folder, lock
        os.close(lock)  # another process took the folder for abandoned before it was locked


def _remove_abandoned(parent: Path) -> None:
    for path in parent.glob(f".*{_SUFFIX}/{_LOCK}"):
        target = parent / path.parent.name.removesuffix(_SUFFIX)[1:].rpartition(".")[0]
        if (path.parent / REPLACED).exists() and not target.exists():
            continue  # the process died between two renames: this is the only copy
        try:
            lock = os.open(path, os.O_RDWR)
        except OSError:  # gone meanwhile, or of another user
            continue
        if _is_locked(lock):
            shutil.rmtree(path.parent, ignore_errors=True)
        os.close(lock)


def _is_locked(lock: int, *, wait: bool = False) -> bool:
    """Lock a file; False where another process has it, or the file system knows no locks."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
