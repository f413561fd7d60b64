"""Artifacts on disk: folders published atomically, with a manifest, in numbered versions."""

from shortlist.artifacts._files import check_undamaged, replacing, save_whole
from shortlist.artifacts._manifest import (
    MANIFEST_FILE,
    FileFacts,
    Manifest,
    read_manifest,
    verify,
    write_manifest,
)
from shortlist.artifacts._publishing import publishing
from shortlist.artifacts._versions import latest_version, next_version

__all__ = [
    "MANIFEST_FILE",
    "FileFacts",
    "Manifest",
    "check_undamaged",
    "latest_version",
    "next_version",
    "publishing",
    "read_manifest",
    "replacing",
    "save_whole",
    "verify",
    "write_manifest",
]
