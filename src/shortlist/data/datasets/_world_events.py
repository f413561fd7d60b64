"""Events of synthetic users: which item at which time, in blocks, without repeated pairs."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from shortlist.data.datasets._world import SyntheticWorld, generator
from shortlist.errors import ArgumentError, must

__all__ = ["EVENTS_IN_BLOCK", "count_events", "draw_blocks"]

EVENTS_IN_BLOCK = 65_536
"""Approximate number of events drawn at once; bounds the memory, and changes which events are drawn."""

_ACTIVITY_SPREAD = 0.8
# Repeated pairs are redrawn this often; then the user's remaining items are drawn by their exact weights.
_NUM_REDRAWS = 16


def count_events(world: SyntheticWorld, num_interactions: int) -> np.ndarray:
    """Draw the number of events of each user, int64 `[num_users]`, with the sum `num_interactions`.

    Args:
        world: Users and items.
        num_interactions: Total number of events.

    Raises:
        ArgumentError: If it is below 1, or above the number of pairs of user and item.
    """
    num_pairs = world.num_users * world.num_items
    if not 1 <= num_interactions <= num_pairs:
        raise ArgumentError(
            must(
                "num_interactions",
                f"be in 1 to {num_pairs}, the number of distinct pairs",
                got=num_interactions,
            )
        )
    random = generator(world.seed, 3)
    activity = random.lognormal(sigma=_ACTIVITY_SPREAD, size=world.num_users)
    counts = np.zeros(world.num_users, dtype=np.int64)
    while missing := num_interactions - counts.sum():
        weights = np.where(counts < world.num_items, activity, 0)
        counts += random.multinomial(missing, weights / weights.sum())
        counts = np.minimum(counts, world.num_items)
    return counts


def draw_blocks(
    world: SyntheticWorld, num_interactions: int
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Draw the events of one group of users after another, each sorted by time.

    Args:
        world: Users and items.
        num_interactions: Total number of events.

    Yields:
        users: int64 [B], rows of users.
        items: int64 [B], rows of items.
        times: float64 [B], from 0 to 1.
    """
    counts = count_events(world, num_interactions)
    ends = np.cumsum(counts)
    cuts = np.searchsorted(ends, np.arange(EVENTS_IN_BLOCK, num_interactions, EVENTS_IN_BLOCK)) + 1
    bounds = np.unique(np.concatenate([[0], cuts, [world.num_users]]))
    for first, last in pairwise(bounds.tolist()):
        random = generator(world.seed, 4, first)
        users = np.repeat(np.arange(first, last), counts[first:last])
        times = np.sort(random.random(len(users)))
        users = random.permutation(users)
        yield users, _draw_items(world, users, times, random), times


def _draw_items(
    world: SyntheticWorld, users: np.ndarray, times: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    tastes = world.tastes_at(users, times)
    limits = np.cumsum(world.item_shares, axis=1)
    items = _pick(tastes, limits, random)
    for _ in range(_NUM_REDRAWS):
        again = np.flatnonzero(_is_repeated(users, items))
        if not len(again):
            return items
        items[again] = _pick(tastes[again], limits, random)
    return _with_unmet_items(world, users, items, random)


def _pick(tastes: np.ndarray, limits: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw a topic for each row of tastes, then an item of the topic."""
    chances = random.random((2, len(tastes)))
    topics = (np.cumsum(tastes, axis=1) < chances[0][:, None]).sum(axis=1)
    topics = np.minimum(topics, len(limits) - 1)
    items = np.empty(len(tastes), dtype=np.int64)
    for topic, limit in enumerate(limits):
        rows = np.flatnonzero(topics == topic)
        items[rows] = np.searchsorted(limit, chances[1][rows] * limit[-1], side="right")
    return np.minimum(items, limits.shape[1] - 1)


def _is_repeated(users: np.ndarray, items: np.ndarray) -> np.ndarray:
    pairs = users * (items.max(initial=0) + 1) + items
    is_repeated = np.ones(len(pairs), dtype=bool)
    is_repeated[np.unique(pairs, return_index=True)[1]] = False
    return is_repeated


def _with_unmet_items(
    world: SyntheticWorld, users: np.ndarray, items: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Replace the items of rows that still repeat a pair by unused items, drawn by affinity."""
    is_repeated = _is_repeated(users, items)
    for user in np.unique(users[is_repeated]):
        rows = np.flatnonzero(is_repeated & (users == user))
        # The largest of log p + Gumbel noise are a draw without replacement.
        keys = np.log(world.affinity(user)) + random.gumbel(size=world.num_items)
        keys[items[users == user]] = -np.inf
        items[rows] = np.argsort(-keys)[: len(rows)]
    return items
