"""Adapter contract of Faiss."""

from collections.abc import Callable

import pytest
from tests.search.libraries import contract

from shortlist.indexes import Faiss

pytestmark = contract.skip_without("faiss")


@pytest.mark.contract
@pytest.mark.parametrize("check", contract.CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_contract(check: Callable[[contract.Make], None]) -> None:
    check(Faiss)


def test_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    contract.check_missing(Faiss, "faiss", monkeypatch)
