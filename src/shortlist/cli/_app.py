"""The command line: what can be said, and how errors end."""

import argparse
import sys
from collections.abc import Sequence

from shortlist import __version__
from shortlist.cli import _doctor as doctor
from shortlist.cli import _index as index
from shortlist.cli import _quickstart as quickstart
from shortlist.errors import ShortlistError

__all__ = ["build_parser", "main"]

_FAILED, _INTERRUPTED = 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: The words after `shortlist`; those of the process when None.

    Returns:
        The exit status: 0, or 1 after an error of Shortlist, which is told in one line on stderr.

    Raises:
        SystemExit: With 0 after `--help` and `--version`, with 2 when the words cannot be understood.

    Example:
        >>> main(["doctor", "--help"])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        SystemExit: 0
    """
    arguments = build_parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except ShortlistError as error:
        if arguments.debug:
            raise
        return _end(" ".join(str(error).split()), _FAILED)
    except KeyboardInterrupt:
        return _end("interrupted; nothing was saved", _INTERRUPTED)
    return 0


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all commands.

    Returns:
        A parser; what it parses has `run`, the function to call with it, and `debug`.
    """
    parser = argparse.ArgumentParser(
        prog="shortlist", description="Recommenders on Keras 3: build, evaluate and serve them."
    )
    parser.add_argument("--version", action="version", version=f"shortlist {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="show where an error came from")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (quickstart, index, doctor):
        command.add_command(commands, common)
    return parser


def _end(message: str, status: int) -> int:
    print(f"shortlist: {message}", file=sys.stderr)
    return status
