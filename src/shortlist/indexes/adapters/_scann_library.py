"""ScaNN's NumPy interface, imported without its TensorFlow operators."""

import importlib
import importlib.util
import sys
import types
from typing import Any

from shortlist.errors import MissingExtraError
from shortlist.indexes.adapters._library import library

__all__ = ["scann"]

_NUMPY_INTERFACE = "scann.scann_ops.py.scann_ops_pybind"


def scann() -> Any:
    """The module of ScaNN's NumPy interface.

    `import scann` loads operators that are made for one version of TensorFlow and fail next to any other. So
    an empty package stands in for it while the interface is imported, and goes again afterwards, so that
    whoever imports ScaNN himself gets ScaNN's own.

    Raises:
        MissingExtraError: When ScaNN is not installed.
    """
    if _NUMPY_INTERFACE in sys.modules:
        return sys.modules[_NUMPY_INTERFACE]
    if "scann" in sys.modules:  # whole, since somebody else could import it; or barred
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
