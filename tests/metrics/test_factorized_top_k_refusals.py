"""What the metric over the catalog refuses, and that it says why."""

from typing import Any

import numpy as np
import pytest

from shortlist.errors import ArgumentError, NotIndexedError
from shortlist.indexes import BruteForce
from shortlist.metrics import FactorizedTopK


def test_no_candidates_yet() -> None:
    vectors = np.eye(2, dtype="float32")
    with pytest.raises(NotIndexedError, match="refresh"):
        FactorizedTopK([vectors]).update_state(vectors, vectors)
    with pytest.raises(NotIndexedError, match="must have candidates"):
        FactorizedTopK().refresh()
    with pytest.raises(NotIndexedError):
        FactorizedTopK(BruteForce()).refresh()


def test_nothing_to_go_by() -> None:
    vectors = np.eye(2, dtype="float32")
    metric = FactorizedTopK([vectors], ks=(1,))
    metric.refresh()
    with pytest.raises(ArgumentError, match="must be given as vectors, or as ids"):
        metric.update_state(vectors, true_candidate_ids=np.int32([0, 1]))
    with pytest.raises(ArgumentError, match="excluded_ids"):
        metric.update_state(vectors, vectors, excluded_ids=np.int32([[0], [1]]))


@pytest.mark.parametrize(
    ("candidates", "message"),
    [
        ([], "at least one batch, got none"),
        ([np.ones((2, 3, 4), "float32")], "Batch the dataset exactly once"),
        ([np.ones(3, "float32")], r"\[batch, dim\]"),
        ([([1, 2], np.eye(3, dtype="float32"))], "one id for each vector"),
        ([([1], np.ones((1, 2))), np.ones((1, 2))], "all batches of candidates or in none"),
        ([np.float32([[1, 2], [np.nan, 0]])], "candidate 1 .* NaN"),
        ([([7, -1], np.eye(2, dtype="float32"))], "not contain padding, got -1"),
        ([(["", "a"], np.eye(2, dtype="float32"))], "not contain padding, got ''"),
    ],
)
def test_candidates_that_do_not_fit_are_refused(candidates: list[Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        FactorizedTopK(candidates).refresh()


@pytest.mark.parametrize(
    "options", [{"ks": ()}, {"ks": (0,)}, {"ks": (1.5,)}, {"metrics": ("recal",)}, {"metrics": ()}]
)
def test_options_out_of_range_are_refused(options: dict[str, Any]) -> None:
    (name,) = options
    with pytest.raises(ArgumentError, match=f"{name} must"):
        FactorizedTopK(**options)
