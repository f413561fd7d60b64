"""Files that are either whole or not there."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shortlist.errors import ArgumentError

__all__ = ["replacing", "save_whole"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends, and is removed when the block fails.

    Args:
        path: The file to make or to replace; its folder is made when missing.

    Example:
        >>> import tempfile
        >>> target = Path(tempfile.mkdtemp()) / "numbers.txt"
        >>> with replacing(target) as temporary:
        ...     _ = temporary.write_text("1 2 3")
        >>> target.read_text()
        '1 2 3'
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        temporary = Path(folder) / target.name
        yield temporary
        _flush(temporary)
        temporary.replace(target)
    _flush(target.parent)


def save_whole(
    save: Callable[..., Any], path: str | os.PathLike[str], overwrite: bool = True, **kwargs: Any
) -> None:
    """Save as a `.keras` file, whole or not at all.

    Args:
        save: The save method of a Keras model.
        path: The file to make or to replace.
        overwrite: Whether a file that is there may be replaced.
        **kwargs: For `save`.

    Raises:
        ArgumentError: The name ends otherwise, or there is a file and `overwrite` is False.
    """
    if not os.fspath(path).endswith(".keras"):
        raise ArgumentError(f"got the path {os.fspath(path)!r}, expected one that ends in .keras")
    if Path(path).exists() and not overwrite:
        raise ArgumentError(f"{os.fspath(path)} exists already: name another file, or give overwrite=True")
    with replacing(path) as temporary:
        save(temporary, **kwargs)


def _flush(path: Path) -> None:
    """Puts a file's bytes, or a folder's entries, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
