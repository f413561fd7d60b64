"""The ranking oracle on cases worked out by hand."""

import math

import pytest
from hypothesis import given, settings
from tests.oracles.ranking import Metrics, mean_metrics, metrics_of_hits, ranking_metrics, tied_orders
from tests.oracles.worlds import RankingWorld, ranking_worlds

NAMES = ("recall", "precision", "hit_rate", "mrr", "ndcg", "map")


def evaluated(
    scores: list[float], true_rows: list[int], k: int, excluded_rows: tuple[int, ...] = ()
) -> Metrics:
    """The metrics of a query that has some."""
    metrics = ranking_metrics(scores, true_rows, k, excluded_rows)
    assert metrics is not None
    return metrics


def test_one_true_at_rank_two() -> None:
    expected = {
        "recall": 1,
        "precision": 0.5,
        "hit_rate": 1,
        "mrr": 0.5,
        "ndcg": 1 / math.log2(3),
        "map": 0.5,
    }
    assert evaluated([3, 2, 1], [1], k=2) == pytest.approx(expected)
    assert evaluated([3, 2, 1], [1], k=1) == dict.fromkeys(NAMES, 0.0)


def test_several_true_at_ranks_one_and_three() -> None:
    dcg, ideal = 1 + 1 / 2, 1 + 1 / math.log2(3)
    expected = {
        "recall": 1,
        "precision": 0.5,
        "hit_rate": 1,
        "mrr": 1,
        "ndcg": dcg / ideal,
        "map": (1 + 2 / 3) / 2,
    }
    assert evaluated([4, 3, 2, 1], [2, 0], k=4) == pytest.approx(expected)


def test_more_true_than_k_can_still_be_perfect() -> None:
    expected = {"recall": 1 / 3, "precision": 1, "hit_rate": 1, "mrr": 1, "ndcg": 1, "map": 1}
    assert evaluated([3, 2, 1], [0, 1, 2], k=1) == pytest.approx(expected)


def test_k_beyond_the_catalog_lowers_only_precision() -> None:
    at_3, at_6 = evaluated([3, 2, 1], [1, 2], k=3), evaluated([3, 2, 1], [1, 2], k=6)
    assert at_6 == pytest.approx({**at_3, "precision": 2 / 6})


def test_constant_scores_give_chance() -> None:
    at_1 = evaluated([5, 5, 5, 5], [2], k=1)
    assert at_1 == pytest.approx(dict.fromkeys(NAMES, 1 / 4))
    at_2 = evaluated([5, 5, 5, 5], [2], k=2)
    assert at_2["recall"] == pytest.approx(2 / 4)
    assert at_2["mrr"] == pytest.approx((1 + 1 / 2) / 4)
    assert at_2["ndcg"] == pytest.approx((1 + 1 / math.log2(3)) / 4)


def test_two_true_among_three_tied() -> None:
    # positions of the two: 12, 13, 23, equally likely
    at_2 = evaluated([1, 1, 1], [0, 1], k=2)
    assert at_2["hit_rate"] == pytest.approx(1)
    assert at_2["recall"] == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    assert at_2["mrr"] == pytest.approx((1 + 1 + 1 / 2) / 3)
    assert at_2["map"] == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)


def test_a_tie_stays_within_its_place() -> None:
    assert evaluated([9, 1, 1, 0], [1], k=2)["recall"] == pytest.approx(1 / 2)
    assert evaluated([9, 1, 1, 0], [1], k=3)["recall"] == 1
    assert evaluated([9, 1, 1, 0], [1], k=1)["recall"] == 0


def test_excluded_rows_leave_and_true_rows_stay() -> None:
    assert evaluated([3, 2, 1], [2], k=1, excluded_rows=(0, 1, -1, 1))["hit_rate"] == 1
    assert evaluated([3, 2, 1], [1], k=1, excluded_rows=(0, 1))["hit_rate"] == 1


def test_padding_repetition_and_rows_outside_the_catalog() -> None:
    assert ranking_metrics([3, 2, 1], [-1, -1], 1) is None
    assert ranking_metrics([3, 2, 1], [], 1) is None
    assert evaluated([3, 2, 1], [0, 0, -1], k=1) == evaluated([3, 2, 1], [0], k=1)
    assert evaluated([3, 2, 1], [-2], k=3) == dict.fromkeys(NAMES, 0.0)
    assert evaluated([3, 2, 1], [0, -2, -2], k=3)["recall"] == 1 / 2
    assert evaluated([3, 2, 1], [0, -2, -3], k=3)["recall"] == 1 / 3


def test_orders_of_ties() -> None:
    assert list(tied_orders([1, 2, 1], [0, 1, 2])) == [[1, 0, 2], [1, 2, 0]]
    assert len(list(tied_orders([0, 0, 0, 1, 1], range(5)))) == math.factorial(3) * math.factorial(2)


@pytest.mark.parametrize(
    ("scores", "true_rows", "k"),
    [([1, 2], [0], 0), ([1, math.nan], [0], 1), ([1, 2], [2], 1), ([0] * 8, [0], 1)],
)
def test_nonsense_is_refused(scores: list[float], true_rows: list[int], k: int) -> None:
    with pytest.raises(ValueError, match=r"at least 1|beyond|smaller world"):
        ranking_metrics(scores, true_rows, k)


def test_mean_by_weight_leaves_out_queries_without_true_rows() -> None:
    good, bad = metrics_of_hits([True], 1, 1), metrics_of_hits([False], 1, 1)
    assert mean_metrics([good, None, bad]) == dict.fromkeys(NAMES, 0.5)
    assert mean_metrics([good, None, bad], [2, 5, 1]) == pytest.approx(dict.fromkeys(NAMES, 2 / 3))
    assert mean_metrics([good, None], [0, 1]) is None
    assert mean_metrics([]) is None


@settings(max_examples=10, deadline=None)
@given(ranking_worlds())
def test_metrics_are_shares_and_grow_with_k(world: RankingWorld) -> None:
    for scores, true_rows, excluded in zip(world.scores, world.true_rows, world.excluded_rows, strict=True):
        at_k = [ranking_metrics(scores, true_rows, k, excluded) for k in world.ks]
        found = [metrics for metrics in at_k if metrics is not None]
        assert all(-1e-12 <= value <= 1 + 1e-12 for metrics in found for value in metrics.values())
        for name in ("recall", "hit_rate", "mrr"):
            values = [metrics[name] for metrics in found]
            assert values == pytest.approx(sorted(values))
