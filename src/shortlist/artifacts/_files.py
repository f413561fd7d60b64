"""Write files atomically: complete or not at all."""

import hashlib
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shortlist.artifacts._temporary import flush, temporary_folder
from shortlist.errors import ArgumentError, ArtifactError, must

__all__ = ["check_undamaged", "replacing", "save_whole"]

_MARK, _HEX_DIGITS = b"shortlist sha256 ", 64


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
        _append_checksum(temporary)


def check_undamaged(path: str | os.PathLike[str]) -> None:
    """Check a `.keras` file against the checksum that `save_whole` appended.

    The checksums of a zip archive cover the contents of its members only: a changed byte in its directory may
    hide one of them.

    Args:
        path: File to check; one without a checksum, such as Keras itself writes, passes.

    Raises:
        ArtifactError: If the file does not exist, is cut short or was changed.
    """
    if not Path(path).is_file():
        raise ArtifactError(must(os.fspath(path), "exist", fix="Pass a file that save('x.keras') wrote"))
    if not zipfile.is_zipfile(path):
        fix = "It is cut short or something else: copy or save it again"
        raise ArtifactError(must(os.fspath(path), "be a file that save('x.keras') wrote", fix=fix))
    with Path(path).open("rb") as file:
        file.seek(-len(_MARK) - _HEX_DIGITS, os.SEEK_END)
        mark, digest = file.read(len(_MARK)), file.read()
    if mark == _MARK and digest != _digest(path):
        requirement = "be unchanged since it was saved"
        got = f"a damaged {_damaged_member(path)}"
        raise ArtifactError(must(os.fspath(path), requirement, got=got, fix="Copy or save it again"))


def _append_checksum(path: Path) -> None:
    """Append a comment to the archive that holds the SHA-256 of all bytes before it."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = _MARK + b"0" * _HEX_DIGITS
    digest = _digest(path)
    with path.open("r+b") as file:
        file.seek(-_HEX_DIGITS, os.SEEK_END)
        file.write(digest)


def _digest(path: str | os.PathLike[str]) -> bytes:
    digest, left = hashlib.sha256(), Path(path).stat().st_size - _HEX_DIGITS
    with Path(path).open("rb") as file:
        while left:
            part = file.read(min(left, 2**20))
            digest.update(part)
            left -= len(part)
    return digest.hexdigest().encode()


def _damaged_member(path: str | os.PathLike[str]) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() or "archive directory"
    except Exception as error:  # zipfile raises many kinds for a damaged directory
        return f"archive directory ({error})"
