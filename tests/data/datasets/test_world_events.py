import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.data import SyntheticWorld
from shortlist.data.datasets import _world_events as world_events
from shortlist.data.datasets._world_events import count_events, draw_blocks
from shortlist.errors import ArgumentError


def events_of(world, num_interactions):
    users, items, times = zip(*draw_blocks(world, num_interactions), strict=True)
    return np.concatenate(users), np.concatenate(items), np.concatenate(times)


@given(st.integers(1, 12), st.integers(1, 12), st.floats(0.01, 1.0), st.integers(0, 3))
def test_no_pair_is_repeated_however_full_the_world(num_users, num_items, share, seed):
    world = SyntheticWorld.draw(num_users, num_items, latent_dim=3, seed=seed)
    num_interactions = max(1, round(share * num_users * num_items))
    users, items, times = events_of(world, num_interactions)
    assert len(users) == len(set(zip(users.tolist(), items.tolist(), strict=True))) == num_interactions
    assert 0 <= items.min() <= items.max() < num_items
    assert 0 <= times.min() <= times.max() < 1
    np.testing.assert_array_equal(
        np.bincount(users, minlength=num_users), count_events(world, num_interactions)
    )


@pytest.mark.parametrize("block", [1, 7, 100])
def test_blocks_hold_whole_users_in_order_of_time(monkeypatch, block):
    monkeypatch.setattr(world_events, "EVENTS_IN_BLOCK", block)
    blocks = list(draw_blocks(SyntheticWorld.draw(30, 20), 300))
    owners = [set(users.tolist()) for users, _, _ in blocks]
    assert sum(map(len, owners)) == len(set.union(*owners))
    assert sum(len(users) for users, _, _ in blocks) == 300
    assert all((np.diff(times) >= 0).all() for _, _, times in blocks)


def test_events_follow_the_affinity():
    # One event for most users of a huge crowd: what was met first is a draw from p(item | user) itself.
    world = SyntheticWorld.draw(20_000, 15, latent_dim=3, seed=4)
    users, items, _ = events_of(world, 20_000)
    _, first = np.unique(users, return_index=True)
    seen = np.bincount(items[first], minlength=15) / len(first)
    expected = world.affinity(users[first]).mean(axis=0)
    np.testing.assert_allclose(seen, expected, atol=0.02)


def test_a_topic_is_met_more_often_in_its_season():
    world = SyntheticWorld.draw(2000, 3000, latent_dim=4, seed=1)
    _, items, times = events_of(world, 20_000)
    is_first_topic = world.item_topics[items].argmax(axis=1) == 0
    # The first topic's season is from time 0 to 0.5; users who love one topic only do not care for seasons.
    assert is_first_topic[times < 0.5].mean() > 1.15 * is_first_topic[times > 0.5].mean()


@pytest.mark.parametrize("num_interactions", [0, 13])
def test_more_events_than_pairs_are_refused(num_interactions):
    with pytest.raises(
        ArgumentError, match=f"num_interactions must be in 1 to 12, .* got {num_interactions}"
    ):
        list(draw_blocks(SyntheticWorld.draw(3, 4), num_interactions))
