"""Whole indexes pass all checks."""

from typing import Any

import pytest

from shortlist.indexes import BruteForce, Partitioned
from shortlist.testing import check_index


@pytest.mark.contract
@pytest.mark.parametrize(
    ("of", "settings"),
    [
        (BruteForce, {}),
        (Partitioned, {"probes": 1}),
        (Partitioned, {"probes": 100}),
        (Partitioned, {"probes": 3, "codes": "int8"}),
        (Partitioned, {"probes": None}),
    ],
    ids=["exact", "one partition", "all partitions", "codes", "exact search"],
)
def test_an_index_keeps_its_promises(of: Any, settings: dict[str, Any]) -> None:
    check_index(
        lambda vectors, ids, attributes=None, **options: of(**settings, **options).index(
            vectors, ids, attributes
        )
    )
