from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.evaluation.worlds import interactions, worlds
from tests.oracles.lists import PADDING

from shortlist.data._exclusions import exclusions
from shortlist.errors import ArgumentError, DataError
from shortlist.evaluation._ranked_lists import ask


@given(world=worlds(), batch_size=st.integers(1, 4))
def test_each_row_finds_its_item_in_the_list_of_its_user(world, batch_size):
    answers = ask(world.recommend, interactions(world.test), ks=world.ks, batch_size=batch_size)
    k = max(world.ks)
    expected = [
        world.lists[user][:k].index(item) + 1 if item in world.lists[user][:k] else np.inf
        for user, item in world.test
    ]
    assert answers.ranks.tolist() == expected


@given(world=worlds())
def test_what_was_recommended_is_collected_at_each_k(world):
    answers = ask(world.recommend, interactions(world.test), ks=world.ks)
    users = {user for user, _ in world.test}
    assert answers.recommended == {
        k: Counter(one for user in users for one in world.lists[user][:k] if one not in PADDING)
        for k in world.ks
    }


@given(world=worlds())
def test_what_a_user_met_is_excluded_unless_it_is_tested(world):
    test, train = interactions(world.test), interactions(world.train)
    users = list(dict.fromkeys(test.users.tolist()))
    excluded = exclusions(train, test).items_of(np.array(users, dtype=test.users.dtype))
    for user, ids in zip(users, excluded, strict=True):
        met = {item for other, item in world.train if other == user}
        assert set(ids.tolist()) == met - {item for other, item in world.test if other == user}


def test_each_user_is_asked_for_once():
    asked = []

    def recommend(user_ids, k, exclude):
        asked.append((user_ids.tolist(), k, [ids.tolist() for ids in exclude]))
        return np.zeros((len(user_ids), k), dtype=np.int64)

    test = interactions([(5, 1), (6, 1), (5, 2), (7, 3)])
    excluded = exclusions(interactions([(6, 9), (8, 9), (7, 3)]), test)
    ask(recommend, test, ks=(1, 4), excluded=excluded, batch_size=2)
    assert asked == [([5, 6], 4, [[], [9]]), ([7], 4, [[]])]


@pytest.mark.parametrize(("padding", "other"), [(-1, 4), ("", "a"), (b"", b"a")])
def test_an_item_named_like_padding_is_refused(padding, other):
    test = interactions([(1, other), (2, padding)])
    with pytest.raises(DataError, match="column 'item' of test must not hold the id .* another id"):
        ask(lambda user_ids, k, exclude: [[other]] * len(user_ids), test, ks=(1,))


@pytest.mark.parametrize("pair", [("1", 2), (1, "2")])
def test_exclusions_of_another_kind_are_refused(pair):
    with pytest.raises(ArgumentError, match="ids of kind int64.*got str"):
        exclusions(interactions([pair]), interactions([(1, 2)]))
