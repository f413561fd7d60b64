"""Lazy import of optional libraries."""

import importlib
from typing import Any

from shortlist.errors import MissingExtraError

__all__ = ["library"]


def library(package: str, extra: str, purpose: str) -> Any:
    """Import an optional package.

    Args:
        package: Import name of the package.
        extra: Extra of Shortlist that installs it.
        purpose: Feature that needs it, for the error message.

    Returns:
        The module.

    Raises:
        MissingExtraError: If the package is not installed.

    Example:
        >>> library("json", "json", "an example").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise  # installed, but one of its own dependencies is missing
        raise MissingExtraError(package, extra, purpose) from error
