import numpy as np
import pytest

from shortlist.data import SyntheticWorld
from shortlist.errors import ArgumentError


def test_affinity_is_the_chance_summed_over_topics():
    world = SyntheticWorld.draw(4, 6, latent_dim=3, seed=1)
    affinity = world.affinity(np.array([2, 0]))
    for row, user in enumerate([2, 0]):
        for item in range(6):
            chance = sum(float(world.user_tastes[user, k]) * world.item_shares[k, item] for k in range(3))
            assert affinity[row, item] == pytest.approx(chance)
    np.testing.assert_allclose(affinity.sum(axis=1), 1, atol=1e-6)


def test_seasons_change_tastes_and_leave_them_shares():
    world = SyntheticWorld.draw(5, 6, seed=1)
    users = np.arange(5)
    spring, autumn = (world.tastes_at(users, np.full(5, time)) for time in (0.25, 0.75))
    np.testing.assert_allclose(spring.sum(axis=1), 1)
    assert np.abs(spring - autumn).max() > 0.05


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.5])
def test_popularity_falls_with_the_rank_as_zipf_says(exponent):
    # With one topic there is nothing but popularity.
    world = SyntheticWorld.draw(2, 50, latent_dim=1, popularity_exponent=exponent)
    weights = [1 / rank**exponent for rank in range(1, 51)]
    expected = [weight / sum(weights) for weight in weights]
    np.testing.assert_allclose(sorted(world.affinity(np.array([1]))[0], reverse=True), expected)


def test_the_seed_decides_the_world():
    first, again, other = (SyntheticWorld.draw(5, 6, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.user_tastes, again.user_tastes)
    assert not np.allclose(first.user_tastes, other.user_tastes)
    assert (first.num_users, first.num_items, first.latent_dim) == (5, 6, 8)


@pytest.mark.parametrize(
    "change",
    [{"num_users": 0}, {"num_items": 0}, {"latent_dim": 0}, {"popularity_exponent": -1}, {"seed": -1}],
)
def test_sizes_out_of_range_are_refused(change):
    (name,) = change
    with pytest.raises(ArgumentError, match=f"{name} must be >= .*, got {change[name]}"):
        SyntheticWorld.draw(**({"num_users": 3, "num_items": 3} | change))
