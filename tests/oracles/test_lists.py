"""The oracle of recommended lists on cases worked out by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from tests.oracles.lists import evaluate_list, evaluate_lists
from tests.oracles.ranking import metrics_of_hits
from tests.oracles.worlds import ListWorld, list_worlds


@pytest.mark.parametrize("padding", ["", b"", -1, None])
def test_padding_keeps_its_rank_and_never_counts(padding: Any) -> None:
    assert evaluate_list([padding, "a"], {"a", padding}, 2) == metrics_of_hits([False, True], 1, 2)


def test_an_id_counts_once_and_its_repetition_keeps_the_rank() -> None:
    assert evaluate_list(["a", "a", "b"], ["a", "b", "b"], 3) == metrics_of_hits([True, False, True], 2, 3)


def test_short_lists_lower_precision() -> None:
    metrics = evaluate_list(["a"], {"a"}, 4)
    assert metrics is not None
    assert metrics["precision"] == 1 / 4


def test_mean_over_queries_with_true_ids_at_each_k() -> None:
    answers = evaluate_lists([["a", "b"], ["b", "a"], ["c", "d"]], [{"a"}, {"a"}, set()], ks=(1, 2))
    assert {k: answer["recall"] for k, answer in answers.items() if answer} == {1: 0.5, 2: 1.0}
    assert answers[2] is not None
    assert answers[2]["mrr"] == pytest.approx(0.75)


def test_nothing_true_at_all_is_no_number() -> None:
    assert evaluate_lists([["a"]], [[""]], ks=(1,)) == {1: None}


def test_ids_are_compared_exactly() -> None:
    assert evaluate_list([2**53 + 1], {2**53}, 1) == metrics_of_hits([False], 1, 1)
    assert evaluate_list(list(np.array([2**32 + 7])), {2**32 + 7}, 1) == metrics_of_hits([True], 1, 1)
    assert evaluate_list([b"a"], {"a"}, 1) == metrics_of_hits([False], 1, 1)


@given(list_worlds())
def test_padding_at_the_end_changes_nothing(world: ListWorld) -> None:
    padded = [[*ids, None, ""] for ids in world.recommended]
    assert evaluate_lists(padded, world.true, world.ks) == evaluate_lists(
        world.recommended, world.true, world.ks
    )
