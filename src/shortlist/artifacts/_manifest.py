"""Manifest of an artifact folder: its files with sizes and hashes."""

import dataclasses
import datetime
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, final

from shortlist.errors import ArtifactError, must

__all__ = ["MANIFEST_FILE", "FileFacts", "Manifest", "read_manifest", "verify", "write_manifest"]

MANIFEST_FILE = "manifest.json"
"""File name of the manifest."""

_FORMAT = 2
_AGAIN = "Copy or export the artifact again"


@final
@dataclasses.dataclass(frozen=True)
class FileFacts:
    """Size and hash of a file.

    Args:
        size: Number of bytes.
        sha256: SHA-256 of the content, as hexadecimal digits.
    """

    size: int
    sha256: str


@final
@dataclasses.dataclass(frozen=True)
class Manifest:
    """Contents of an artifact folder.

    Args:
        kind: Kind of artifact, such as `"saved_model"`.
        shortlist_version: Version of Shortlist that wrote it.
        created: Time of writing, in UTC, as ISO 8601.
        description: Details that depend on the kind, such as inputs and outputs; JSON values.
        files: All files except the manifest, by path within the folder.
    """

    kind: str
    shortlist_version: str
    created: str
    description: Mapping[str, Any]
    files: Mapping[str, FileFacts]


def write_manifest(folder: str | os.PathLike[str], kind: str, description: Mapping[str, Any]) -> Manifest:
    """Write the manifest of all files in a folder; files must not change afterwards.

    Args:
        folder: The folder, usually one made by `publishing`.
        kind: Kind of artifact.
        description: Details that depend on the kind, as JSON values.

    Returns:
        The manifest.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "numbers.txt").write_text("1 2 3")
        >>> write_manifest(folder, "numbers", {}).files["numbers.txt"].size
        5
    """
    files = {name: _facts(Path(folder, name)) for name in _names(folder)}
    manifest = Manifest(kind, metadata.version("shortlist"), _now(), description, files)
    fields = dataclasses.asdict(manifest)
    checked = {"format": _FORMAT, "sha256": _sha256_of_fields(fields), **fields}
    text = json.dumps(checked, indent=2, ensure_ascii=False)
    Path(folder, MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: str | os.PathLike[str]) -> Manifest:
    """Read a manifest without checking the files it lists.

    Args:
        folder: The folder.

    Raises:
        ArtifactError: If there is no manifest, or it is damaged or of another format.
    """
    path = Path(folder, MANIFEST_FILE)
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        written = fields.pop("format")
        if written == _FORMAT:
            if fields.pop("sha256") != _sha256_of_fields(fields):
                raise ValueError("it was changed after it was written")
            return _manifest(fields)
    except FileNotFoundError:
        fix = "Pass a folder that Shortlist exported, and all of it"
        raise ArtifactError(must(str(path), "exist", fix=fix)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        requirement = "be a readable manifest"
        raise ArtifactError(must(str(path), requirement, got=repr(error), fix=_AGAIN)) from error
    fix = "Use the version of Shortlist that wrote it, or export again"
    raise ArtifactError(must(str(path), f"have format {_FORMAT}", got=written, fix=fix))


def verify(folder: str | os.PathLike[str]) -> Manifest:
    """Check that a folder holds exactly the files of its manifest, byte by byte.

    Args:
        folder: A folder with a manifest.

    Returns:
        The manifest.

    Raises:
        ArtifactError: If a file is missing, changed, of another size, or not in the manifest.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> _ = (folder / "numbers.txt").write_text("1 2 3")
        >>> _ = write_manifest(folder, "numbers", {})
        >>> verify(folder).kind
        'numbers'
    """
    manifest = read_manifest(folder)
    for name, expected in manifest.files.items():
        _check_file(Path(folder, name), expected)
    _check_no_others(folder, manifest.files)
    return manifest


def _manifest(fields: Mapping[str, Any]) -> Manifest:
    files = {name: FileFacts(**facts) for name, facts in fields["files"].items()}
    return Manifest(**{**fields, "files": files})


def _check_file(path: Path, expected: FileFacts) -> None:
    if not path.is_file():
        raise ArtifactError(must(str(path), "exist, as the manifest lists it", fix=_AGAIN))
    size = path.stat().st_size
    if size != expected.size:
        raise ArtifactError(must(str(path), f"have {expected.size} bytes", got=size, fix=_AGAIN))
    if _sha256(path) != expected.sha256:
        raise ArtifactError(must(str(path), "be unchanged since it was written", fix=_AGAIN))


def _check_no_others(folder: str | os.PathLike[str], known: Iterable[str]) -> None:
    others = sorted(set(_names(folder)) - set(known))
    if others:
        fix = "Remove it, or export the artifact again"
        raise ArtifactError(must(str(Path(folder, others[0])), "be in the manifest", fix=fix))


def _names(folder: str | os.PathLike[str]) -> list[str]:
    """Return paths of all files in the folder except the manifest, with forward slashes."""
    paths = [path for path in Path(folder).rglob("*") if path.is_file()]
    return sorted(name for path in paths if (name := path.relative_to(folder).as_posix()) != MANIFEST_FILE)


def _facts(path: Path) -> FileFacts:
    return FileFacts(path.stat().st_size, _sha256(path))


def _sha256_of_fields(fields: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
