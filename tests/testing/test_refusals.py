"""What refuses nothing is caught."""

from typing import Any

import numpy as np
import pytest

from shortlist.indexes import BruteForce
from shortlist.testing.refusals import check_refused_changes, check_refused_requests

VECTORS = np.eye(4, dtype="float32")


class TakesEverything:
    """Answers whatever is asked, and takes whatever comes."""

    num_candidates = 4

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **given: (VECTORS, VECTORS)

    def __call__(self, *args: Any, **given: Any) -> Any:
        return VECTORS, VECTORS


@pytest.mark.parametrize("check", [check_refused_requests, check_refused_changes])
def test_what_refuses_nothing_is_caught(check: Any) -> None:
    with pytest.raises((AssertionError, TypeError, ValueError)):
        check(TakesEverything(), VECTORS)


def test_an_index_that_refuses_passes() -> None:
    check_refused_requests(BruteForce().index(VECTORS, ["a", "b", "c", "d"]), VECTORS)
