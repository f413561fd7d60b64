"""`shortlist doctor`: show what is installed and what is missing."""

import argparse
import importlib.util
import os
import platform
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shortlist import __version__
from shortlist.cli._backends import BACKENDS, configured_backend, configured_by

__all__ = ["add_command", "run"]

_NEEDED = ("keras", "numpy", "pyarrow")
_ARCHIVES = ("ml-100k.zip", "ml-1m.zip")
_EXTRA = re.compile(r"""^(?P<package>[\w.-]+).*extra == ["'](?P<extra>[\w.-]+)["']""")

Row = tuple[str, str]


def add_command(commands: Any, common: argparse.ArgumentParser) -> None:
    """Register the command; `common` holds the options shared by all commands."""
    help_ = "show versions, backends, extras and data sets"
    commands.add_parser(
        "doctor", parents=[common], help=help_, description=f"{help_.capitalize()} found here."
    ).set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:  # noqa: ARG001 - all commands have one signature
    """Print versions, backends, extras and data sets, importing none of them."""
    table = Table(box=None, show_header=False)
    sections = {
        "versions": _versions(),
        "backends": _backends(),
        "extras": _extras(),
        "data sets": _archives(),
    }
    for title, rows in sections.items():
        table.add_row(f"[bold]{title}[/bold]")
        for name, state in rows:
            table.add_row(f"  {name}", escape(state))
    Console(soft_wrap=True).print(table)


def _versions() -> Iterator[Row]:
    yield "Python", platform.python_version()
    yield "shortlist", __version__
    for package in _NEEDED:
        yield package, _version(package) or f"missing: pip install {package}"


def _backends() -> Iterator[Row]:
    in_use = configured_backend()
    for backend in BACKENDS:
        yield backend, _state(backend, backend) + (" (in use)" if backend == in_use else "")
    if in_use not in BACKENDS:
        yield in_use, f"configured by {configured_by()}, but unknown: expected one of {', '.join(BACKENDS)}"


def _extras() -> Iterator[Row]:
    matches = filter(None, map(_EXTRA.match, metadata.requires("shortlist") or ()))
    for match in matches:
        if match["extra"] not in BACKENDS:
            yield match["extra"], _state(match["package"], match["extra"])


def _archives() -> Iterator[Row]:
    from shortlist.data.datasets._archives import (
        DATA_DIRECTORY_VARIABLE,
        cache_directory,
        data_directory_state,
    )

    yield DATA_DIRECTORY_VARIABLE, data_directory_state()
    slots = [Path(place) for place in (os.environ.get(DATA_DIRECTORY_VARIABLE), cache_directory()) if place]
    for archive in _ARCHIVES:
        found = [str(place / archive) for place in slots if (place / archive).is_file()]
        searched = " or in ".join(map(str, slots))
        yield archive, found[0] if found else f"not in {searched}: will be downloaded when it is first loaded"


def _state(package: str, extra: str) -> str:
    version = _version(package)
    return version if version else f"not installed: pip install 'shortlist[{extra}]'"


def _version(package: str) -> str | None:
    """Return the version, or None if missing. A package may be installed under another name (tf-nightly)."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "installed, version unknown" if importlib.util.find_spec(package) else None
