"""Libraries that are imported when an index needs them, not before."""

import importlib
from typing import Any

from shortlist.errors import MissingExtraError

__all__ = ["library"]


def library(package: str, extra: str, purpose: str) -> Any:
    """An optional package, imported.

    Args:
        package: The name to import.
        extra: The extra of Shortlist that installs it.
        purpose: What needs it, for the error.

    Returns:
        The module.

    Raises:
        MissingExtraError: When it is not installed.

    Example:
        >>> library("json", "json", "an example").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise  # it is there, and misses something of its own
        raise MissingExtraError(package, extra, purpose) from error
