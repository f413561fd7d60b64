"""An index that accepts invalid input is reported."""

from typing import Any

import numpy as np
import pytest

from shortlist.errors import ArgumentError, FeatureError
from shortlist.indexes import BruteForce
from shortlist.testing._refusals import check_refused_changes, check_refused_requests

VECTORS = np.eye(4, 3, dtype="float32")
IDS = ["a", "b", "c", "d"]
ATTRIBUTES = {"color": ["red"] * 4, "tags": [["new"]] * 4, "code": [1, 2, 3, 4]}


class IgnoresErrors:
    """Ignores invalid input instead of raising."""

    def __init__(self) -> None:
        self.right = BruteForce().index(VECTORS, IDS, ATTRIBUTES)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.right, name)

    def __call__(self, queries: Any, *args: Any, **given: Any) -> Any:
        try:
            return self.right(queries, *args, **given)
        except (ArgumentError, FeatureError):
            return self.right(VECTORS[:1])

    def upsert(self, *args: Any, **given: Any) -> Any:
        try:
            return self.right.upsert(*args, **given)
        except (ArgumentError, FeatureError):
            return self


@pytest.mark.parametrize("check", [check_refused_requests, check_refused_changes])
def test_an_index_that_accepts_everything_is_reported(check: Any) -> None:
    with pytest.raises(AssertionError, match="got no error"):
        check(IgnoresErrors(), VECTORS[:3])


@pytest.mark.parametrize("check", [check_refused_requests, check_refused_changes])
def test_an_index_that_rejects_invalid_input_passes(check: Any) -> None:
    check(BruteForce().index(VECTORS, IDS, ATTRIBUTES), VECTORS[:3])
