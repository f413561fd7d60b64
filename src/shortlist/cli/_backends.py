"""The Keras backend: chosen before Keras is imported, and started without its noise."""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

from shortlist.cli._quiet import silenced_stderr
from shortlist.errors import BackendError, MissingExtraError

__all__ = ["BACKENDS", "configured_backend", "configured_by", "start_backend"]

BACKENDS = ("tensorflow", "jax", "torch")
"""The backends by Keras' names, each also the name of its package and of the extra that installs it."""

_VARIABLE = "KERAS_BACKEND"


def configured_backend() -> str:
    """Tell which backend Keras takes when none is chosen, without importing Keras.

    Returns:
        What the environment variable KERAS_BACKEND says, else Keras' configuration file, else `"tensorflow"`.
    """
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        configured = json.loads((home / "keras.json").read_text(encoding="utf-8")).get("backend")
    except (OSError, ValueError, AttributeError):
        configured = None
    return os.environ.get(_VARIABLE) or configured or "tensorflow"


def configured_by() -> str:
    """Name what chose the backend: the environment variable, or Keras' configuration file."""
    return _VARIABLE if os.environ.get(_VARIABLE) else "keras.json"


def start_backend(name: str | None) -> str:
    """Import Keras with a backend, and let the backend look for devices.

    What native code says about drivers meanwhile is shown only when the start fails.

    Args:
        name: One of `BACKENDS`, or None for the configured one.

    Returns:
        The name of the backend that runs.

    Raises:
        MissingExtraError: It is not installed.
        BackendError: It is none of `BACKENDS`, or Keras already runs with another one.
    """
    wanted = name or configured_backend()
    if wanted not in BACKENDS:
        raise BackendError(
            f"{configured_by()} configures Keras for the {wanted!r} backend, expected one of {BACKENDS}: "
            "use --backend."
        )
    if importlib.util.find_spec(wanted) is None:
        raise MissingExtraError(wanted, wanted, f"the {wanted} backend")
    if "keras" not in sys.modules:
        os.environ[_VARIABLE] = wanted
        # TensorFlow reads this once, when it is imported: errors are told, warnings and notes are not.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with silenced_stderr():
        keras = importlib.import_module("keras")
        keras.ops.zeros(1)
    if keras.backend.backend() != wanted:
        raise BackendError(
            f"the {wanted} backend was asked for, but Keras already runs with {keras.backend.backend()}: "
            f"start a new process with {_VARIABLE}={wanted}."
        )
    return wanted
