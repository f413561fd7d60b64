import numpy as np
import pytest
from hypothesis import given
from tests.evaluation.worlds import interactions, worlds
from tests.oracles.lists import evaluate_lists

import shortlist as sl
from shortlist.errors import ArgumentError
from shortlist.evaluation import Popularity, evaluate, recommender

METRICS = ("recall", "precision", "hit_rate", "mrr", "ndcg", "map")


def named(by_k):
    return {f"{name}_at_{k}": value for k, metrics in by_k.items() for name, value in metrics.items()}


@given(world=worlds())
def test_the_mean_over_rows_equals_the_oracle(world):
    found = evaluate(world.recommend, interactions(world.test), ks=world.ks, metrics=METRICS)
    expected = evaluate_lists(
        [world.lists[user] for user, _ in world.test], [[item] for _, item in world.test], world.ks
    )
    assert found == pytest.approx(named(expected))


@given(world=worlds())
def test_the_mean_over_users_equals_the_oracle(world):
    found = evaluate(
        world.recommend,
        interactions(world.test),
        ks=world.ks,
        metrics=METRICS,
        average="user",
        batch_size=2,
    )
    users = sorted({user for user, _ in world.test})
    true = [[item for other, item in world.test if other == user] for user in users]
    expected = evaluate_lists([world.lists[user] for user in users], true, world.ks)
    assert found == pytest.approx(named(expected))


@pytest.mark.filterwarnings("ignore:.* of the test rows .* repeat a")
@given(world=worlds())
def test_popularity_without_seen_items_equals_the_oracle(world):
    test, train = interactions(world.test), interactions(world.train)
    found = evaluate(Popularity.from_interactions(train), test, ks=world.ks, metrics=METRICS, exclude=train)
    items = [item for _, item in world.train]
    ranked = sorted(dict.fromkeys(items), key=lambda item: -items.count(item))
    allowed = [
        [one for one in ranked if (user, one) not in world.train or (user, one) in world.test]
        for user, _ in world.test
    ]
    expected = evaluate_lists(allowed, [[item] for _, item in world.test], world.ks)
    assert found == pytest.approx(named(expected))


def test_names_run_measure_by_measure():
    test = interactions([(1, 2)])
    found = evaluate(lambda user_ids, k, exclude: [[2]], test, ks=(3, 1), metrics=("mrr", "map"))
    assert list(found) == ["mrr_at_3", "mrr_at_1", "map_at_3", "map_at_1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"ks": ()}, "ks must hold integers >= 1"),
        ({"ks": (0,)}, "integers >= 1"),
        ({"ks": (2.5,)}, "ks must hold integers"),
        ({"ks": (True,)}, "ks must hold integers"),
        ({"metrics": ("auc",)}, "metrics must be names from .'recall'.* got .'auc'"),
        ({"metrics": ()}, "metrics must be names from"),
        ({"average": "item"}, "average must be one of .'row', 'user'., got 'item'"),
        ({"batch_size": 0}, "batch_size must be >= 1, got 0"),
    ],
)
def test_a_protocol_that_is_none_is_refused(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        evaluate(lambda user_ids, k, exclude: [[2]], interactions([(1, 2)]), **arguments)


def test_an_index_is_a_recommender_and_honours_exclusions():
    index = sl.indexes.BruteForce().index(np.eye(3, dtype="float32"), ids=["a", "b", "c"])
    vectors = {"x": [3.0, 2.0, 1.0], "y": [1.0, 2.0, 3.0]}
    recommend = recommender(index, lambda users: np.float32([vectors[user] for user in users]))
    users = np.array(["y", "x"], dtype=object)
    assert recommend(users, 2, None).tolist() == [["c", "b"], ["a", "b"]]
    assert recommend(users, 2, [np.array(["c"]), np.array(["a", "zzz"])]).tolist() == [["b", "a"], ["b", "c"]]


def test_popularity_on_movielens_is_as_published_and_as_the_examples_say(movielens_directory):
    data = sl.data.load_movielens("100k", movielens_directory)
    train, test = sl.data.random_split(data.interactions, seed=42)
    found = evaluate(Popularity.from_interactions(train), test, exclude=train, metrics=("recall",))
    # A measured reference of another random 80/20 split: 0.090 and 0.414.
    assert found == pytest.approx({"recall_at_10": 0.090, "recall_at_100": 0.414}, abs=0.005)
    assert found == pytest.approx({"recall_at_10": 0.093, "recall_at_100": 0.415}, abs=0.0005)
