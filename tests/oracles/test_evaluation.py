"""The evaluation oracle on cases worked out by hand."""

import pytest
from tests.oracles.evaluation import evaluate

SCORES = {"ann": {"a": 4.0, "b": 3.0, "c": 2.0, "d": 1.0}, "bob": {"a": 1.0, "b": 2.0, "c": 3.0, "d": 4.0}}
TEST = [("ann", "b"), ("ann", "c"), ("ann", "c"), ("bob", "a")]


def recall(*arguments, **options):
    return evaluate(SCORES, *arguments, **options)["recall"]


def test_excluded_items_are_left_out_except_the_users_test_items():
    assert recall(TEST, [], 1) == 0
    assert recall(TEST, [("ann", "a")], 1) == 1 / 4  # only b is first
    assert recall(TEST, [("ann", "a"), ("ann", "b")], 1) == 1 / 4  # b is tested, so c does not move up
    assert recall(TEST, [("bob", "a")], 1) == 0


def test_repeated_rows_count_once_per_row_and_weights_weigh():
    assert recall(TEST, [("ann", "a")], 2) == 3 / 4
    assert recall(TEST, [("ann", "a")], 1, weights=[2, 1, 1, 0]) == 2 / 4


def test_over_users_each_counts_by_its_mean_weight():
    assert recall(TEST, [("ann", "a")], 1, average="user") == pytest.approx((1 / 2 + 0) / 2)
    assert recall(TEST, [("ann", "a")], 1, weights=[3, 0, 0, 1], average="user") == pytest.approx(3 / 4)
    assert recall(TEST, [], 4, weights=[1, 1, 1, 0], average="user") == 1
