"""Arguments that must be interactions."""

from typing import Any

from shortlist.data._interactions import Interactions
from shortlist.errors import ArgumentError

__all__ = ["check_is_interactions"]


def check_is_interactions(value: Any, name: str) -> None:
    """Raise when an argument is something else than `Interactions`.

    Args:
        value: The argument.
        name: Its name, for the error.

    Raises:
        ArgumentError: It is a frame, which does not say whose columns are users and items, or anything else.

    Example:
        >>> check_is_interactions({"user": [1], "film": [2]}, "test")
        Traceback (most recent call last):
        shortlist.errors.ArgumentError: test is a dict, expected Interactions: make them with
        Interactions.from_table(frame, user="...", item="...").
    """
    if not isinstance(value, Interactions):
        raise ArgumentError(
            f"{name} is a {type(value).__name__}, expected Interactions: make them with "
            'Interactions.from_table(frame, user="...", item="...").'
        )
