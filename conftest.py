"""Settings and fixtures of every test, docstring example and documentation page."""

import functools
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

SEED = 42
MAX_SECONDS = 20  # of a test that is not marked slow, on the machine of CONTRIBUTING.md
LOOP_SECONDS = 0.06  # of the loop in `slowness`, there
BACKEND_FACTOR = {"jax": 3}  # JAX compiles every step of every process

# The same examples in each run; no deadline, since the first call of a graph compiles it.
hypothesis.settings.register_profile("shortlist", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("shortlist")

# Many tests, and the processes they start, compile the same programs, so JAX keeps them; remove the folder to
# compile all again. JAX reads the variables when it is imported.
os.environ |= {
    "JAX_COMPILATION_CACHE_DIR": str(Path(__file__).parent / ".cache" / "jax"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}

# `--doctest-modules` imports every module; skip those of a backend that is not installed.
collect_ignore = ["docs/conf.py", "docs/reference"]
collect_ignore_glob = [
    f"src/shortlist/backend/{package}/*"
    for package in ("tensorflow", "jax", "torch")
    if importlib.util.find_spec(package) is None
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--slow`."""
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests marked slow, unless they are asked for."""
    if not config.getoption("--slow"):
        slow = [item for item in items if item.get_closest_marker("slow")]
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)


def seconds() -> tuple[float, float]:
    """Return wall-clock time, and CPU time including finished child processes."""
    times = os.times()
    return time.monotonic(), times.user + times.system + times.children_user + times.children_system


@functools.cache
def slowness() -> float:
    """Return how many times slower this machine runs a loop than the one the limit was set on, at least 1."""

    def loop_seconds() -> float:
        start = time.process_time()
        sum(number * number for number in range(1_000_000))
        return time.process_time() - start

    return max(1.0, min(loop_seconds() for _ in range(3)) / LOOP_SECONDS)


def limited(item: pytest.Item) -> Iterator[None]:
    """Fail a test that takes too long in both wall-clock and CPU time.

    Wall-clock time grows on a busy machine, and CPU time with the number of threads, so the smaller counts.
    """
    start = seconds()
    result = yield
    taken = min(end - begin for begin, end in zip(start, seconds(), strict=True))
    limit = MAX_SECONDS * slowness() * BACKEND_FACTOR.get(os.environ.get("KERAS_BACKEND", ""), 1)
    if taken > limit and not item.get_closest_marker("slow"):
        pytest.fail(
            f"{taken:.0f} s, over the limit of {limit:.0f} s. Make it faster or mark it slow.",
            pytrace=False,
        )
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Limit the time of fixtures."""
    return (yield from limited(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Limit the time of tests."""
    return (yield from limited(item))


@pytest.fixture(autouse=True)
def seed() -> None:
    """Seed Keras before each test, if it is imported."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(SEED)


@pytest.fixture(autouse=True)
def doctest_directory(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a docstring's example in a temporary directory."""
    if isinstance(request.node, pytest.DoctestItem):
        monkeypatch.chdir(request.getfixturevalue("tmp_path"))


def enter_directory(namespace: dict[str, Any]) -> None:
    """Run a page's examples in a temporary directory that they share."""
    namespace["__directory"] = tempfile.TemporaryDirectory(prefix="shortlist-docs-")
    namespace["__came_from"] = Path.cwd()
    os.chdir(namespace["__directory"].name)


def leave_directory(namespace: dict[str, Any]) -> None:
    """Return to the directory before `enter_directory`."""
    os.chdir(namespace["__came_from"])
    namespace["__directory"].cleanup()


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["*.md"],
    setup=enter_directory,
    teardown=leave_directory,
).pytest()
