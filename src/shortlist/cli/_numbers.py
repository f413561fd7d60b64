"""Numbers on the command line."""

import argparse

__all__ = ["positive_integer"]


def positive_integer(text: str) -> int:
    """Read a whole number of at least 1.

    Args:
        text: The word on the command line.

    Returns:
        The number.

    Raises:
        ArgumentTypeError: It is something else.

    Example:
        >>> positive_integer("10")
        10
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
