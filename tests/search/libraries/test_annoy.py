"""Adapter contract of Annoy."""

from collections.abc import Callable

import pytest
from tests.search.libraries import contract

from shortlist.indexes import Annoy

pytestmark = contract.skip_without("annoy")


@pytest.mark.contract
@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_contract(check: Callable[[contract.Make], None]) -> None:
    check(Annoy)


def test_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    contract.check_missing(Annoy, "annoy", monkeypatch)
