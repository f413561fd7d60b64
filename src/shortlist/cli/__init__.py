"""The `shortlist` command line, one file per command."""

from shortlist.cli._app import main

__all__ = ["main"]
