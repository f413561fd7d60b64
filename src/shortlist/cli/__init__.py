"""The command `shortlist`: one file for each of its commands."""

from shortlist.cli._app import main

__all__ = ["main"]
