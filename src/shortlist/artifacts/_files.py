"""Write files atomically: complete or not at all."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shortlist.artifacts._temporary import flush, temporary_folder
from shortlist.errors import ArgumentError, must

__all__ = ["replacing", "save_whole"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends, or is removed when it fails.

    What a killed process leaves behind is removed by the next call.

    Args:
        path: File to make or to replace; its folder is made when missing.

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
    with temporary_folder(target) as folder:
        temporary = folder / target.name
        yield temporary
        flush(temporary)
        temporary.replace(target)
    flush(target.parent)


def save_whole(
    save: Callable[..., Any], path: str | os.PathLike[str], overwrite: bool = True, **kwargs: Any
) -> None:
    """Save a Keras model as a `.keras` file, atomically.

    Args:
        save: The model's own save method.
        path: File to make or to replace.
        overwrite: Whether to replace an existing file.
        **kwargs: Passed to `save`.

    Raises:
        ArgumentError: If the name does not end in `.keras`, or the file exists and `overwrite` is False.
    """
    if not os.fspath(path).endswith(".keras"):
        raise ArgumentError(must("path", "end in .keras", got=repr(os.fspath(path))))
    if Path(path).exists() and not overwrite:
        fix = "Pass overwrite=True, or another path"
        raise ArgumentError(must(os.fspath(path), "not exist yet", fix=fix))
    with replacing(path) as temporary:
        save(temporary, **kwargs)
