"""What every test, docstring example and page of the documentation runs under."""

import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

SEED = 42

# The same examples each time, however slow the first call of a graph is.
hypothesis.settings.register_profile("shortlist", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("shortlist")

# `--doctest-modules` imports every module of src/, so those of a backend that is not installed stay out.
collect_ignore = ["docs/conf.py", "docs/reference"]
collect_ignore_glob = [
    f"src/shortlist/backend/{package}/*"
    for package in ("tensorflow", "jax", "torch")
    if importlib.util.find_spec(package) is None
]


@pytest.fixture(autouse=True)
def seed() -> None:
    """Start each test from one seed, where Keras is in use at all."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(SEED)


@pytest.fixture(autouse=True)
def doctest_directory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a docstring's example write its files where they do no harm."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))


def enter_directory(namespace: dict[str, Any]) -> None:
    """Let a page's examples, which follow on from each other, write into a directory of their own."""
    namespace["__directory"] = tempfile.TemporaryDirectory(prefix="shortlist-docs-")
    namespace["__came_from"] = Path.cwd()
    os.chdir(namespace["__directory"].name)


def leave_directory(namespace: dict[str, Any]) -> None:
    """Go back to where `enter_directory` came from."""
    os.chdir(namespace["__came_from"])
    namespace["__directory"].cleanup()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["*.md"],
    setup=enter_directory,
    teardown=leave_directory,
).pytest()
