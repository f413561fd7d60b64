"""Adapter contract of USearch."""

from collections.abc import Callable

import pytest
from tests.search.libraries import contract

from shortlist.indexes import USearch

pytestmark = contract.skip_without("usearch")


@pytest.mark.contract
@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_contract(check: Callable[[contract.Make], None]) -> None:
    check(USearch)


def test_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    contract.check_missing(USearch, "usearch", monkeypatch)
