"""Publish folders atomically: complete or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shortlist.artifacts._temporary import REPLACED, flush, temporary_folder
from shortlist.errors import ArtifactError, must

__all__ = ["publishing"]


@contextmanager
def publishing(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """Yield an empty folder that becomes `path` when the block ends, or is removed when it fails.

    All files are on the disk before the folder gets its name. A folder that is replaced is removed after the
    new one has its name; processes that have its files open can read on. What a killed process leaves behind
    is removed by the next call.

    Args:
        path: Folder to make; its parents are made when missing.
        overwrite: Whether to replace an existing folder.

    Yields:
        The folder to fill, inside one whose name begins with a dot, so that no server takes it for a version.

    Raises:
        ArtifactError: If `path` exists and `overwrite` is False, or it is not a folder.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "model"
        >>> with publishing(target) as folder:
        ...     _ = (folder / "numbers.txt").write_text("1 2 3")
        >>> (target / "numbers.txt").read_text()
        '1 2 3'
    """
    target = Path(path).absolute()
    _check_free(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    with temporary_folder(target) as workshop:
        folder = workshop / "new"
        folder.mkdir()
        yield folder
        _flush_all(folder)
        _check_free(target, overwrite)  # another process may have published since
        _put(folder, target, aside=workshop / REPLACED)
    flush(target.parent)


def _check_free(target: Path, overwrite: bool) -> None:
    if not os.path.lexists(target):
        return
    if not overwrite:
        fix = "Pass overwrite=True, or another path, such as shortlist.artifacts.next_version(folder)"
        raise ArtifactError(must(str(target), "not exist yet", fix=fix))
    if target.is_symlink() or not target.is_dir():
        got = "a link" if target.is_symlink() else "a file"
        raise ArtifactError(must(str(target), "be a folder", got=got, fix="Remove it, or pass another path"))


def _put(folder: Path, target: Path, *, aside: Path) -> None:
    """Give the folder its name; what had it is put aside, and put back on failure."""
    if not target.exists():
        folder.rename(target)
        return
    target.rename(aside)
    try:
        folder.rename(target)
    except BaseException:
        aside.rename(target)
        raise


def _flush_all(folder: Path) -> None:
    for parent, _, files in os.walk(folder):
        for name in files:
            flush(Path(parent, name))
        flush(Path(parent))
