"""The JSON file of a saved spec."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shortlist.artifacts import replacing
from shortlist.errors import ArtifactError

__all__ = ["read", "replacing_spec"]

_NAME = "feature_spec.json"
_FORMAT = "feature spec 1"


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
        temporary.write_text(json.dumps({"format": _FORMAT, **config}, indent=1))


def read(directory: str | os.PathLike[str]) -> dict[str, Any]:
    """The config of a saved spec.

    Raises:
        ArtifactError: The file is missing, damaged, or of another version; the message names it.
    """
    path = Path(directory, _NAME)
    try:
        config = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path} cannot be read as a feature spec: {error}") from error
    if not isinstance(config, dict) or config.pop("format", None) != _FORMAT:
        raise ArtifactError(f"{path} is no {_FORMAT!r}: read it with the version of Shortlist that wrote it")
    return config
