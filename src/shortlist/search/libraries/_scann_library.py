"""Import of ScaNN's NumPy interface without its TensorFlow operators."""

import importlib
import importlib.util
import sys
import types
from typing import Any

from shortlist.errors import MissingExtraError
from shortlist.search.libraries._library import library

__all__ = ["scann"]

_NUMPY_INTERFACE = "scann.scann_ops.py.scann_ops_pybind"


def scann() -> Any:
    """Import the module of ScaNN's NumPy interface.

    `import scann` loads TensorFlow operators built for one TensorFlow version, which fails with any other.
    An empty package therefore takes its place in `sys.modules` during the import, and is removed afterwards
    so that a later `import scann` by the user works as usual.

    Raises:
        MissingExtraError: If ScaNN is not installed.
    """
    if _NUMPY_INTERFACE in sys.modules:
        return sys.modules[_NUMPY_INTERFACE]
    if "scann" in sys.modules:  # imported by the user, or set to None to block it
        library("scann", "scann", "indexes.ScaNN")
        return importlib.import_module(_NUMPY_INTERFACE)
    found = importlib.util.find_spec("scann")
    if found is None or found.submodule_search_locations is None:
        raise MissingExtraError("scann", "scann", "indexes.ScaNN")
    package = types.ModuleType("scann")
    package.__path__ = list(found.submodule_search_locations)
    sys.modules["scann"] = package
    try:
        return importlib.import_module(_NUMPY_INTERFACE)
    finally:
        del sys.modules["scann"]
