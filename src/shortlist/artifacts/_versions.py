"""Numbered versions of an artifact, `folder/1`, `folder/2`, as in TensorFlow Serving."""

import os
from pathlib import Path

__all__ = ["latest_version", "next_version"]


def next_version(folder: str | os.PathLike[str]) -> Path:
    """Return the path of the next version: one above the highest, or `folder/1` for the first.

    Args:
        folder: Parent folder of all versions; need not exist.

    Example:
        >>> next_version("/nowhere/films").name
        '1'
    """
    return Path(folder, str(max(_numbers(folder), default=0) + 1))


def latest_version(folder: str | os.PathLike[str]) -> Path | None:
    """Return the version with the highest number, the one TensorFlow Serving serves, or None.

    Args:
        folder: Parent folder of all versions; need not exist.

    Example:
        >>> latest_version("/nowhere/films") is None
        True
    """
    numbers = _numbers(folder)
    return Path(folder, str(max(numbers))) if numbers else None


def _numbers(folder: str | os.PathLike[str]) -> list[int]:
    """Return the version numbers; names such as `01` are not versions."""
    names = [entry.name for entry in Path(folder).iterdir()] if Path(folder).is_dir() else []
    return [int(name) for name in names if name.isdecimal() and name == str(int(name))]
