"""The JSON file of a saved spec."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shortlist.artifacts import replacing
from shortlist.errors import ArtifactError, must

__all__ = ["read", "replacing_spec"]

_NAME = "feature_spec.json"
_FORMAT = "feature spec 2"


@contextmanager
def replacing_spec(directory: str | os.PathLike[str], config: Mapping[str, Any]) -> Iterator[None]:
    """Takes the file away, and writes it again when the block has put all else in place.

    Args:
        directory: The folder of the spec.
        config: What `FeatureSpec.get_config` gives.
    """
    path = Path(directory, _NAME)
    path.unlink(missing_ok=True)
    yield
    with replacing(path) as temporary:
        temporary.write_text(json.dumps({"format": _FORMAT, "sha256": _sha256(config), **config}, indent=1))


def read(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """The config of a saved spec.

    Raises:
        ArtifactError: The file is missing, damaged, or of another version; the message names it.
    """
    path = Path(directory, _NAME)
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ArtifactError(must(str(path), "be a readable feature spec", got=repr(error))) from error
    written = config.pop("format", None) if isinstance(config, dict) else None
    if written != _FORMAT:
        fix = "Read it with the version of Shortlist that wrote it"
        raise ArtifactError(must(str(path), f"have format {_FORMAT!r}", got=repr(written), fix=fix))
    if config.pop("sha256", None) != _sha256(config):
        fix = "Copy or save the spec again"
        raise ArtifactError(must(str(path), "be unchanged since it was written", fix=fix))
    return config


def _sha256(config: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()
