"""Fixtures that tests of several folders share."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pooch
import pytest

ARCHIVES = ("ml-100k.zip", "ml-1m.zip")
SOURCE = Path(__file__).parents[1] / "src"


@pytest.fixture(scope="session")
def movielens_directory() -> Path:
    """The directory that holds MovieLens' archives; skips where they are not to be had."""
    slots = [os.environ.get("SHORTLIST_DATA_DIR"), pooch.os_cache("shortlist")]
    for place in map(Path, filter(None, slots)):
        if all((place / archive).is_file() for archive in ARCHIVES):
            return place.resolve()
    pytest.skip("MovieLens is neither in SHORTLIST_DATA_DIR nor in the cache: " + " and ".join(ARCHIVES))


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., str]:
    """Run code in a new process and return what it printed; its errors fail the test.

    `run_python("print(1)", backend="jax")` gives "1\\n". The process starts in the test's `tmp_path`;
    with `package=False` it cannot import Shortlist.
    """

    def run(
        code: str, *, backend: str | None = None, package: bool = True, timeout_seconds: float = 120
    ) -> str:
        blocked = "" if package else "import sys; sys.modules['shortlist'] = None\n"
        environment = (
            os.environ | {"PYTHONPATH": str(SOURCE)} | ({"KERAS_BACKEND": backend} if backend else {})
        )
        finished = subprocess.run(
            [sys.executable, "-c", blocked + code],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
        )
        assert finished.returncode == 0, f"the process ended with {finished.returncode}:\n{finished.stderr}"
        return finished.stdout

    return run
