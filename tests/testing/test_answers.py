"""A correct answer passes; each wrong one is reported."""

from typing import Any

import numpy as np
import pytest

from shortlist.testing._answers import check_answer, is_true
from shortlist.testing._catalog import Catalog, Wanted

CATALOG = Catalog(["a", "b", "c", "d"], np.float32([[1], [3], [3], [2]]), {})
QUERY, WITHOUT_D = np.ones(1, "float32"), Wanted(exclude=["d"])


def check(scores: list[float], ids: list[str], is_exact: bool = True) -> None:
    check_answer("it", CATALOG, QUERY, WITHOUT_D, (np.float32(scores), ids), is_exact)


def test_a_correct_answer_passes() -> None:
    check([3, 3], ["b", "c"])
    check([3, 3, 1, -np.inf], ["b", "c", "a", ""])
    check([3, 1], ["c", "a"], is_exact=False)


@pytest.mark.parametrize(
    ("scores", "ids", "told"),
    [
        ([3, 3], ["c", "b"], r"expected \['b', 'c'\]"),
        ([3, 1], ["b", "a"], r"expected \['b', 'c'\]"),
        ([3, 2], ["b", "d"], "that pass the filter"),
        ([3, 2], ["b", "nowhere"], "that pass the filter"),
        ([3, 3], ["b", "b"], "unique ids"),
        ([3, 2.9], ["b", "c"], "got scores"),
        ([1, 3], ["a", "b"], "best first"),
        ([3, -np.inf], ["b", ""], "that pass the filter"),
        ([3, 3, 1, 0], ["b", "c", "a", ""], "minus infinity"),
        ([3, 3, 1, -np.inf], ["b", "c", "a", "d"], "minus infinity"),
    ],
)
def test_a_wrong_answer_is_reported(scores: list[float], ids: list[str], told: str) -> None:
    with pytest.raises(AssertionError, match=f"^it: .*{told}"):
        check(scores, ids)


@pytest.mark.parametrize(
    ("found", "is_right"),
    [([1.0, -np.inf], True), ([1.001, -np.inf], False), ([1.0], False), ([1, 2], False)],
)
def test_scores_may_differ_by_rounding(found: Any, is_right: bool) -> None:
    assert is_true(found, [1.0, -np.inf]) == is_right
