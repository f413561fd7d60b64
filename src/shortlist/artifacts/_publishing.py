"""Folders that are either whole or not there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shortlist.errors import ArtifactError

__all__ = ["publishing"]


@contextmanager
def publishing(path: str | os.PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """An empty folder next to `path` that takes its place when the block ends, and goes when the block fails.

    Every file is on the disk before the folder gets its name. One that is replaced goes only when the new one
    stands; whoever has its files open reads on.

    Args:
        path: The folder to make; its parents are made when missing.
        overwrite: Whether a folder that stands there is replaced.

    Yields:
        The folder to fill. Its name begins with a dot, so no server takes it for a version.

    Raises:
        ArtifactError: Something stands at `path` and `overwrite` is False, or it is no folder.

    Example:
        >>> target = Path(tempfile.mkdtemp()) / "model"
        >>> with publishing(target) as folder:
        ...     _ = (folder / "numbers.txt").write_text("1 2 3")
        >>> (target / "numbers.txt").read_text()
        '1 2 3'
    """
    target = Path(path).absolute()
    _check_free(target, overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as workshop:
        folder = Path(workshop, "new")
        folder.mkdir()
        yield folder
        _flush_all(folder)
        _check_free(target, overwrite)  # another process may have published since
        _put(folder, target, aside=Path(workshop, "old"))
    _flush(target.parent)


def _check_free(target: Path, overwrite: bool) -> None:
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise ArtifactError(
            f"{target} exists already: pass overwrite=True to replace it, or another path, such as "
            "shortlist.artifacts.next_version(folder)"
        )
    if target.is_symlink() or not target.is_dir():
        raise ArtifactError(
            f"{target} is no folder, so it is not replaced by one: remove it, or pass another path"
        )


def _put(folder: Path, target: Path, *, aside: Path) -> None:
    """Gives the folder its name; what had it goes aside, and comes back when that fails."""
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
            _flush(Path(parent, name))
        _flush(Path(parent))


def _flush(path: Path) -> None:
    """Puts a file's bytes, or a folder's entries, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
