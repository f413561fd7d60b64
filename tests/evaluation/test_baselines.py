import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.worlds import interactions, worlds
from tests.oracles.worlds import ID_POOLS, PADDING_OF

from shortlist.errors import ArgumentError
from shortlist.evaluation import Popularity, Random

BASELINES = [Popularity, Random]


@pytest.mark.parametrize("baseline", BASELINES)
@given(world=worlds(), k=st.integers(1, 8), data=st.data())
def test_exactly_k_allowed_items_come_when_there_are_k(baseline, world, k, data):
    train = interactions(world.train)
    catalog = {item for _, item in world.train}
    users = np.array(ID_POOLS[world.kind], dtype=train.users.dtype)
    exclude = [data.draw(st.lists(st.sampled_from(ID_POOLS[world.kind]))) for _ in users]
    lists = baseline.from_interactions(train)(users, k, [np.array(ids, train.items.dtype) for ids in exclude])
    assert lists.shape == (len(users), k)
    for ids, excluded in zip(lists.tolist(), exclude, strict=True):
        num_allowed = len(catalog - set(excluded))
        items, rest = ids[: min(k, num_allowed)], ids[min(k, num_allowed) :]
        assert len(set(items)) == len(items)
        assert set(items) <= catalog - set(excluded)
        assert rest == [PADDING_OF[world.kind]] * len(rest)


@given(world=worlds())
def test_popular_items_come_first_and_ties_by_first_appearance(world):
    items = [item for _, item in world.train]
    recommend = Popularity.from_interactions(interactions(world.train))
    found = recommend(np.array([0]), len(set(items)))[0].tolist()
    assert found == sorted(set(items), key=lambda item: (-items.count(item), items.index(item)))


def test_a_random_list_does_not_depend_on_the_other_users():
    recommend = Random.from_interactions(interactions([(0, item) for item in range(50)]), seed=1)
    together = recommend(np.array(["a", "b", "c"]), 5)
    assert (recommend(np.array(["c", "a"]), 5) == together[[2, 0]]).all()
    assert len({tuple(ids) for ids in together.tolist()}) == 3


def test_another_seed_gives_other_random_lists():
    train = interactions([(0, item) for item in range(50)])
    first, again, other = (Random.from_interactions(train, seed=seed)(np.array([1]), 5) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_random_items_are_equally_likely_whatever_their_popularity():
    train = interactions([(user, 0) for user in range(30)] + [(0, item) for item in range(10)])
    lists = Random.from_interactions(train)(np.arange(4000), 2, [[9]] * 4000)
    counts = np.bincount(lists.ravel(), minlength=10)
    # 8000 draws among 9 items: a standard deviation is about 26 and 5 of them are never seen.
    assert abs(counts[:9] - 8000 / 9).max() < 5 * 26
    assert counts[9] == 0


@pytest.mark.parametrize("baseline", BASELINES)
def test_wrong_arguments_are_refused(baseline):
    recommend = baseline.from_interactions(interactions([(1, 2)]))
    with pytest.raises(ArgumentError, match="k must be >= 1, got 0"):
        recommend(np.array([1]), 0)
    with pytest.raises(ArgumentError, match="exclude must hold 1 lists, one per user, got 2"):
        recommend(np.array([1]), 1, [[2], [2]])


def test_baselines_say_what_they_are():
    train = interactions([(1, 2), (1, 3)])
    assert repr(Popularity.from_interactions(train)) == "Popularity(2 items)"
    assert repr(Random.from_interactions(train, seed=4)) == "Random(2 items, seed=4)"
