"""The files that a pattern, a folder or a list of them means, in an order that is always the same."""

import glob
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from shortlist.errors import DataError

__all__ = ["Paths", "is_parquet", "list_files"]

Paths: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]

_PARQUET = (".parquet", ".pq")
_CSV = tuple(f"{name}{packed}" for name in (".csv", ".tsv", ".txt") for packed in ("", ".gz", ".bz2", ".zst"))


def list_files(paths: Paths) -> tuple[Path, ...]:
    """Find the files.

    Args:
        paths: A file, a folder (all Parquet and CSV files in it and in the folders below), or a pattern such
            as `"events/*.parquet"`; or a list of these.

    Returns:
        Absolute paths: those of a list in its order, those of a folder or a pattern sorted.

    Raises:
        DataError: A path or pattern that meets no file, a file that is neither Parquet nor CSV by its name,
            or one that is there twice.

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
        raise DataError("got an empty list of files, expected at least one.")
    _check_each_once(files)
    return files


def is_parquet(path: Path) -> bool:
    """Answer whether a file is Parquet by its name; it is CSV otherwise.

    Args:
        path: One that `list_files` gave.
    """
    return path.name.lower().endswith(_PARQUET)


def _expanded(entry: str) -> list[Path]:
    path = Path(entry)
    if path.is_dir():
        return _in_folder(path)
    # A file may be named like a pattern: "ratings[1].csv".
    found = [path] if path.exists() else [Path(name) for name in _matches(entry)]
    files = [name for name in found if not name.is_dir()]
    if not files:
        raise DataError(f"there is no file {entry} (looked for at {path.absolute()}).")
    _check_kind(files)
    return files


def _matches(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 -- Path.glob takes no absolute pattern


def _in_folder(folder: Path) -> list[Path]:
    files = [path for path in sorted(folder.rglob("*")) if _is_data(path) and path.is_file()]
    if not files:
        raise DataError(f"{folder}: this folder holds no file that ends in one of {[*_PARQUET, *_CSV]}.")
    return files


def _is_data(path: Path) -> bool:
    return path.name.lower().endswith((*_PARQUET, *_CSV)) and not path.name.startswith((".", "_"))


def _check_kind(files: list[Path]) -> None:
    for path in files:
        if not path.name.lower().endswith((*_PARQUET, *_CSV)):
            raise DataError(
                f"{path}: the name does not tell what it holds; expected one that ends in one of "
                f"{[*_PARQUET, *_CSV]}."
            )


def _check_each_once(files: tuple[Path, ...]) -> None:
    repeated = [str(path) for path, count in Counter(files).items() if count > 1]
    if repeated:
        raise DataError(f"files are there more than once: {repeated}. Their rows would count twice.")
