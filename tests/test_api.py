"""Hold the public API to the list in tests/api.txt, so that a review sees every change of it."""

import difflib
from pathlib import Path

import pytest
from tests.support.api import public_api

LISTED = Path(__file__).with_name("api.txt")


def test_public_api_is_the_listed_one() -> None:
    listed = LISTED.read_text().splitlines()
    changes = list(difflib.unified_diff(listed, public_api(), "tests/api.txt", "src", n=1, lineterm=""))
    if changes:
        pytest.fail("Run `make api` if these changes are meant:\n" + "\n".join(changes), pytrace=False)
