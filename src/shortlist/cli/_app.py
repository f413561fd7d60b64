"""Entry point of the command line: parse arguments, run the command, report errors."""

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
        argv: Arguments after `shortlist`; `sys.argv[1:]` when None.

    Returns:
        Exit status: 0, or 1 after a `ShortlistError`, which is printed to stderr in one line.

    Raises:
        SystemExit: With 0 after `--help` and `--version`, with 2 for invalid arguments.

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
    """Return the parser of all commands; parsed arguments hold `run`, the function to call, and `debug`."""
    parser = argparse.ArgumentParser(
        prog="shortlist", description="Recommenders on Keras 3: build, evaluate and serve them."
    )
    parser.add_argument("--version", action="version", version=f"shortlist {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--debug", action="store_true", help="print the traceback of an error")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (quickstart, index, doctor):
        command.add_command(commands, common)
    return parser


def _end(message: str, status: int) -> int:
    print(f"shortlist: {message}", file=sys.stderr)
    return status
