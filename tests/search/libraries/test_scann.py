"""Adapter contract of ScaNN."""

from collections.abc import Callable

import pytest
from tests.search.libraries import contract

from shortlist.indexes import ScaNN

pytestmark = contract.skip_without("scann")


@pytest.mark.contract
@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_contract(check: Callable[[contract.Make], None]) -> None:
    check(ScaNN)


def test_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    contract.check_missing(ScaNN, "scann", monkeypatch)
