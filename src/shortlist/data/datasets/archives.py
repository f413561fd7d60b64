"""Archives of data sets: found on disk or downloaded, never half there."""

import os
import zipfile
import zlib
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import pooch

from shortlist.errors import DataError, DatasetUnavailable

__all__ = ["DATA_DIRECTORY_VARIABLE", "Archive", "find_archive", "read_member"]

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
            raise DatasetUnavailable(_ways(archive, f"the directory {directory} does not hold it"))
        return path
    shared = os.environ.get(DATA_DIRECTORY_VARIABLE)
    if shared and (Path(shared) / archive.file_name).is_file():
        return Path(shared) / archive.file_name
    return _cached(archive)


def cache_directory() -> Path:
    """Return the user's cache of data sets; it need not exist."""
    return Path(pooch.os_cache("shortlist"))


def _cached(archive: Archive) -> Path:
    cache = cache_directory()
    try:
        # pooch writes beside the target, compares the checksum and moves the file into place last.
        path = pooch.retrieve(
            archive.url, f"md5:{archive.md5}", fname=archive.file_name, path=cache, progressbar=True
        )
    except ValueError as error:
        raise DataError(
            f"{archive.url}: the download is not the published archive ({error}). "
            "Nothing was kept: try again."
        ) from error
    except OSError as error:
        raise DatasetUnavailable(_ways(archive, f"the download failed: {error}")) from error
    return Path(path)


def _ways(archive: Archive, reason: str) -> str:
    return (
        f"{archive.file_name} is not available ({reason}). There are three ways to it: "
        f"1. put it into a directory and give that as directory=... or in {DATA_DIRECTORY_VARIABLE} "
        f"(now {os.environ.get(DATA_DIRECTORY_VARIABLE)!r}); "
        f"2. put it into the cache, {cache_directory()}; "
        f"3. be connected, so that it can be downloaded from {archive.url}."
    )


def read_member(path: Path, name: str) -> bytes:
    """Read one file of a zip archive.

    Args:
        path: The archive.
        name: The file's name inside.

    Returns:
        Its bytes.

    Raises:
        DataError: The archive is truncated or damaged, or has no such file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, OSError) as error:
        raise DataError(
            f"{path}: {name} cannot be read ({error}): the archive is truncated, damaged or another one. "
            "Delete it and get it again."
        ) from error
