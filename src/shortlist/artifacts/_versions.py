"""Numbered versions of one artifact, `folder/1`, `folder/2`, as TensorFlow Serving wants them."""

import os
from pathlib import Path

__all__ = ["latest_version", "next_version"]


def next_version(folder: str | os.PathLike[str]) -> Path:
    """Where the next version goes: one above the highest there is.

    Args:
        folder: The folder of all versions; it need not exist.

    Returns:
        `folder/1` for the first.

    Example:
        >>> next_version("/nowhere/films").name
        '1'
    """
    return Path(folder, str(max(_numbers(folder), default=0) + 1))


def latest_version(folder: str | os.PathLike[str]) -> Path | None:
    """The version with the highest number, which TensorFlow Serving serves.

    Args:
        folder: The folder of all versions; it need not exist.

    Returns:
        None where there is no version.

    Example:
        >>> latest_version("/nowhere/films") is None
        True
    """
    numbers = _numbers(folder)
    return Path(folder, str(max(numbers))) if numbers else None


def _numbers(folder: str | os.PathLike[str]) -> list[int]:
    """Names that are written as the number they stand for; `01` would never be found again."""
    names = [entry.name for entry in Path(folder).iterdir()] if Path(folder).is_dir() else []
    return [int(name) for name in names if name.isdecimal() and name == str(int(name))]
