"""Files that this process holds open."""

from pathlib import Path


def num_open_files(folder: Path) -> int:
    """How many files of a folder are open, deleted ones too; others may be closed at any time, as garbage."""
    return sum(_place(link).is_relative_to(folder) for link in Path("/proc/self/fd").iterdir())


def _place(link: Path) -> Path:
    try:
        return link.readlink()
    except FileNotFoundError:  # that of the listing itself
        return link
