"""Finding files, and errors that name them."""

import glob
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from shortlist.errors import DataError, must

__all__ = ["Paths", "check_file_exists", "is_parquet", "list_files", "naming", "os_errors_as_data_errors"]

Paths: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_PARQUET = (".parquet", ".pq")
_CSV = tuple(f"{name}{packed}" for name in (".csv", ".tsv", ".txt") for packed in ("", ".gz", ".bz2", ".zst"))


def list_files(paths: Paths) -> tuple[Path, ...]:
    """Find data files.

    Args:
        paths: File, folder (all Parquet and CSV files in and below it) or pattern such as
            `"events/*.parquet"`; or a list of these.

    Returns:
        Absolute paths, in the order of a list and sorted within a folder or pattern.

    Raises:
        DataError: If a path or pattern matches no file, a name does not end like Parquet or CSV, or a file
            is repeated.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("b.csv", "a.csv", "_SUCCESS"):
        ...     (folder / name).touch()
        >>> [path.name for path in list_files(folder)]
        ['a.csv', 'b.csv']
    """
    entries = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files = tuple(path.absolute() for entry in entries for path in _expanded(os.fspath(entry)))
    if not files:
        raise DataError(must("paths", "name at least one file", got="an empty list"))
    repeated = [str(path) for path, count in Counter(files).items() if count > 1]
    if repeated:
        fix = "Their rows would count twice"
        raise DataError(must("paths", "name each file once", got=f"{repeated} more than once", fix=fix))
    return files


def is_parquet(path: Path) -> bool:
    """Tell whether a file that `list_files` found is Parquet by its name; otherwise it is CSV."""
    return path.name.lower().endswith(_PARQUET)


def _is_data(path: Path) -> bool:
    return path.name.lower().endswith((*_PARQUET, *_CSV))


def _expanded(entry: str) -> list[Path]:
    path = Path(entry)
    if path.is_dir():
        files = [
            file
            for file in sorted(path.rglob("*"))
            if _is_data(file) and not file.name.startswith((".", "_")) and file.is_file()
        ]
        if not files:
            requirement = f"hold a file that ends in one of {[*_PARQUET, *_CSV]}"
            raise DataError(must(f"folder {path}", requirement))
        return files
    # A file may be named like a pattern: "ratings[1].csv".
    names = glob.glob(entry, recursive=True)  # noqa: PTH207 -- Path.glob takes no absolute pattern
    files = [file for file in ([path] if path.exists() else map(Path, sorted(names))) if not file.is_dir()]
    if not files:
        check_file_exists(path)
    for file in files:
        if not _is_data(file):
            requirement = f"have a name that ends in one of {[*_PARQUET, *_CSV]}"
            raise DataError(must(f"file {file}", requirement))
    return files


def check_file_exists(path: str | os.PathLike[str]) -> None:
    """Check that a file or folder exists.

    Raises:
        DataError: If it does not; the message gives the absolute path.
    """
    if not Path(path).exists():
        raise DataError(must(f"file {path}", "exist", got=f"nothing at {Path(path).absolute()}"))


@contextmanager
def naming(source: str | os.PathLike[str]) -> Iterator[None]:
    """Put the name of a file or argument before the message of a DataError."""
    try:
        yield
    except DataError as error:
        raise type(error)(f"{source}: {error}") from error


@contextmanager
def os_errors_as_data_errors(requirement: str) -> Iterator[None]:
    """Raise a DataError in place of the errors of the operating system and of unpackers.

    Args:
        requirement: Requirement on the file, such as `"be a whole Parquet file"`.

    Raises:
        DataError: In place of an OSError.
    """
    try:
        yield
    except PermissionError as error:
        fix = "Ask its owner for permission, or copy the file"
        raise DataError(must("the file", "be readable", got=error, fix=fix)) from error
    except OSError as error:
        raise DataError(must("the file", requirement, got=error, fix="Write or copy it again")) from error
