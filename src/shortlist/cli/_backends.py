"""Choose the Keras backend before Keras is imported, and start it quietly."""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

from shortlist.cli._quiet import silenced_stderr
from shortlist.errors import BackendError, MissingExtraError, must

__all__ = ["BACKENDS", "configured_backend", "configured_by", "start_backend"]

BACKENDS = ("tensorflow", "jax", "torch")
"""Backend names in Keras; each is also the name of its package and of our extra."""

_VARIABLE = "KERAS_BACKEND"


def configured_backend() -> str:
    """Return the backend Keras will use, without importing Keras.

    The environment variable KERAS_BACKEND wins over Keras' configuration file; the default is TensorFlow.
    """
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        configured = json.loads((home / "keras.json").read_text(encoding="utf-8")).get("backend")
    except (OSError, ValueError, AttributeError):
        configured = None
    return os.environ.get(_VARIABLE) or configured or "tensorflow"


def configured_by() -> str:
    """Return where the backend is configured: `KERAS_BACKEND` or `keras.json`."""
    return _VARIABLE if os.environ.get(_VARIABLE) else "keras.json"


def start_backend(name: str | None) -> str:
    """Import Keras with a backend and let the backend find its devices.

    Messages of native code about drivers are shown only if the start fails.

    Args:
        name: One of `BACKENDS`; the configured backend when None.

    Returns:
        The name of the running backend.

    Raises:
        MissingExtraError: If the backend is not installed.
        BackendError: If it is not in `BACKENDS`, or Keras already runs on another backend.
    """
    wanted = name or configured_backend()
    if wanted not in BACKENDS:
        raise BackendError(
            must(
                f"the Keras backend set by {configured_by()}",
                f"be one of {BACKENDS}",
                got=repr(wanted),
                fix="Choose one with --backend",
            )
        )
    if importlib.util.find_spec(wanted) is None:
        raise MissingExtraError(wanted, wanted, f"the {wanted} backend")
    if "keras" not in sys.modules:
        os.environ[_VARIABLE] = wanted
        # TensorFlow reads this once, at import: show errors only.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with silenced_stderr():
        keras = importlib.import_module("keras")
        keras.ops.zeros(1)
    if keras.backend.backend() != wanted:
        raise BackendError(
            must(
                "the Keras backend",
                f"be {wanted}",
                got=keras.backend.backend(),
                fix=f"Start a new process with {_VARIABLE}={wanted}",
            )
        )
    return wanted
