"""What a trained thing looks like on disk: whole folders with a manifest, in numbered versions."""

from shortlist.artifacts.manifest import (
    MANIFEST_FILE,
    FileFacts,
    Manifest,
    read_manifest,
    verify,
    write_manifest,
)
from shortlist.artifacts.publishing import publishing
from shortlist.artifacts.versions import latest_version, next_version

__all__ = [
    "MANIFEST_FILE",
    "FileFacts",
    "Manifest",
    "latest_version",
    "next_version",
    "publishing",
    "read_manifest",
    "verify",
    "write_manifest",
]
