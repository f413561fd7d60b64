"""Synthetic users and items whose preferences are known."""

from dataclasses import dataclass

import numpy as np

from shortlist.errors import ArgumentError, must

__all__ = ["SyntheticWorld", "generator"]

# Small concentrations: a user prefers few topics, an item belongs to one or two.
_USER_CONCENTRATION = 0.1
_ITEM_CONCENTRATION = 0.1
# Share of an item's topics that is spread evenly, so that every pair of user and item is possible.
_EVEN_SHARE = 0.02
_TREND_STRENGTH = 0.8


def generator(seed: int, *stream: int) -> np.random.Generator:
    """Return a generator that depends only on the seed and the stream.

    Args:
        seed: Seed of the dataset, at least 0.
        *stream: Numbers that identify what is drawn.

    Example:
        >>> bool(generator(1, 2).random() == generator(1, 2).random())
        True
    """
    return np.random.default_rng([seed, *stream])


@dataclass(frozen=True, eq=False, repr=False)
class SyntheticWorld:
    """Synthetic users with preferences for topics, and items that belong to topics.

    A user picks a topic by taste and season, then an item of that topic by popularity:

        p(item | user) = ∑ₖ taste(user, k) · share(k, item)

    so `latent_dim` numbers per user and per item determine all preferences.

    Args:
        seed: Seed of users and items.
        user_tastes: float32 [num_users, latent_dim], rows add up to 1.
        item_topics: float32 [num_items, latent_dim], rows add up to 1.
        item_shares: float64 [latent_dim, num_items], rows add up to 1: popularity inside a topic.

    Example:
        >>> world = SyntheticWorld.draw(3, 5, seed=1)
        >>> world.affinity(np.array([0, 2])).shape
        (2, 5)
    """

    seed: int
    user_tastes: np.ndarray
    item_topics: np.ndarray
    item_shares: np.ndarray

    @classmethod
    def draw(
        cls,
        num_users: int,
        num_items: int,
        *,
        latent_dim: int = 8,
        popularity_exponent: float = 0.8,
        seed: int = 0,
    ) -> "SyntheticWorld":
        """Draw users and items.

        Args:
            num_users: At least 1.
            num_items: At least 1.
            latent_dim: Number of topics.
            popularity_exponent: The r-th most popular item has weight `r**-exponent`; 0 for equal weights.
            seed: Seed, at least 0.

        Raises:
            ArgumentError: If a size is below 1, or the exponent or the seed is negative.
        """
        sizes = {"num_users": num_users, "num_items": num_items, "latent_dim": latent_dim}
        for name, size in sizes.items():
            _check_at_least(name, size, 1)
        _check_at_least("popularity_exponent", popularity_exponent, 0)
        _check_at_least("seed", seed, 0)
        tastes = generator(seed, 0).dirichlet([_USER_CONCENTRATION] * latent_dim, num_users)
        topics = _draw_topics(seed, num_items, latent_dim)
        shares = (topics * _draw_popularity(seed, num_items, popularity_exponent)[:, None]).T
        shares /= shares.sum(axis=1, keepdims=True)
        return cls(seed, tastes.astype(np.float32), topics.astype(np.float32), shares)

    @property
    def num_users(self) -> int:
        """Number of users."""
        return len(self.user_tastes)

    @property
    def num_items(self) -> int:
        """Number of items."""
        return len(self.item_topics)

    @property
    def latent_dim(self) -> int:
        """Number of topics."""
        return self.user_tastes.shape[1]

    def affinity(self, user_rows: np.ndarray) -> np.ndarray:
        """Return the true p(item | user), seasons left aside: what the best model would learn.

        Args:
            user_rows: int [B], rows of the users.

        Returns:
            float64 [B, num_items]; rows add up to 1.
        """
        return self.user_tastes[user_rows].astype(np.float64) @ self.item_shares

    def tastes_at(self, user_rows: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Return tastes in season: each topic's turn comes once from time 0 to time 1.

        Args:
            user_rows: int [B], rows of the users.
            times: float [B], from 0 to 1.

        Returns:
            float [B, latent_dim]; rows add up to 1.
        """
        phases = np.arange(self.latent_dim) / self.latent_dim
        trend = 1 + _TREND_STRENGTH * np.sin(2 * np.pi * (times[:, None] + phases))
        tastes = self.user_tastes[user_rows] * trend
        return tastes / tastes.sum(axis=1, keepdims=True)


def _draw_topics(seed: int, num_items: int, latent_dim: int) -> np.ndarray:
    topics = generator(seed, 1).dirichlet([_ITEM_CONCENTRATION] * latent_dim, num_items)
    return (1 - _EVEN_SHARE) * topics + _EVEN_SHARE / latent_dim


def _draw_popularity(seed: int, num_items: int, exponent: float) -> np.ndarray:
    ranks = generator(seed, 2).permutation(num_items) + 1
    return ranks.astype(np.float64) ** -exponent


def _check_at_least(name: str, value: float, least: int) -> None:
    if not value >= least:
        raise ArgumentError(must(name, f"be >= {least}", got=value))
