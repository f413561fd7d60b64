"""Archives of data sets: found on disk or downloaded, never half there."""

import os
import zipfile
import zlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pooch

from shortlist.errors import DataError, DatasetUnavailable, must

__all__ = [
    "DATA_DIRECTORY_VARIABLE",
    "Archive",
    "cache_directory",
    "data_directory_state",
    "find_archive",
    "read_member",
]

DATA_DIRECTORY_VARIABLE = "SHORTLIST_DATA_DIR"
"""The environment variable that names a directory of archives."""


@dataclass(frozen=True)
class Archive:
    """A published zip archive.

    Args:
        file_name: Its name on disk, such as `"ml-100k.zip"`.
        url: Where it is published.
        md5: Its published MD5 checksum, in hexadecimal digits.
    """

    file_name: str
    url: str
    md5: str


def find_archive(archive: Archive, directory: str | PathLike[str] | None = None) -> Path:
    """Return the archive's path on disk, after a download when it is nowhere.

    An archive in a directory of the user is taken as it is. One in the cache or from the network must have
    the published checksum.

    Args:
        archive: The archive wanted.
        directory: Look here and nowhere else. By default: in the directory that the environment variable
            SHORTLIST_DATA_DIR names, then in the user's cache, then on the network.

    Returns:
        The path of the zip file.

    Raises:
        DatasetUnavailable: It is not there and cannot be downloaded.
        DataError: What was downloaded does not have the published checksum.
    """
    if directory is not None:
        path = Path(directory) / archive.file_name
        if not path.is_file():
            state = "does not hold it" if Path(directory).is_dir() else "does not exist"
            raise DatasetUnavailable(_unavailable(archive, f"the folder {directory}, which {state}"))
        return path
    shared = os.environ.get(DATA_DIRECTORY_VARIABLE)
    if shared and (Path(shared) / archive.file_name).is_file():
        return Path(shared) / archive.file_name
    return _cached(archive)


def data_directory_state() -> str:
    """Tell what SHORTLIST_DATA_DIR says: `"not set"`, or the directory, and whether it is missing."""
    named = os.environ.get(DATA_DIRECTORY_VARIABLE)
    if not named:
        return "not set"
    return named if Path(named).is_dir() else f"{named}, which is missing"


def cache_directory() -> Path:
    """Return the user's cache of data sets; it need not exist."""
    return Path(pooch.os_cache("shortlist"))


def _cached(archive: Archive) -> Path:
    cache = cache_directory()
    try:
        # pooch writes next to the target, compares the checksum and moves the file into place last.
        path = pooch.retrieve(
            archive.url, f"md5:{archive.md5}", fname=archive.file_name, path=cache, progressbar=True
        )
    except ValueError as error:
        raise DataError(
            must(str(archive.url), "be the published archive", got=error, fix="Nothing was kept: try again")
        ) from error
    except OSError as error:
        # One reason in words: what urllib3 and requests put around it fills three screens.
        raise DatasetUnavailable(_unavailable(archive, f"a failed download: {_root_cause(error)}")) from None
    return Path(path)


def _root_cause(error: BaseException) -> str:
    while inner := error.__cause__ or error.__context__:
        error = inner
    return getattr(error, "strerror", None) or str(error)


def _unavailable(archive: Archive, reason: str) -> str:
    fix = (
        f"Put it into a folder and pass that as directory=... or in {DATA_DIRECTORY_VARIABLE} "
        f"({data_directory_state()}), or put it into the cache, {cache_directory()}, or connect this machine "
        f"to download {archive.url}"
    )
    return must(archive.file_name, "be available", got=reason, fix=fix)


def read_member(path: Path, name: str) -> bytes:
    """Read one file of a zip archive.

    Args:
        path: The archive.
        name: The file's name inside.

    Returns:
        Its bytes.

    Raises:
        DataError: If the archive is truncated or damaged, or has no such file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError) as error:
        raise DataError(
            must(
                f"{path}: {name}",
                "be readable",
                got=error,
                fix="The archive is damaged: delete it and get it again",
            )
        ) from error
