"""Synthetic data sets: any size, the same for the same seed, and the truth about them is known."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from shortlist.data._interactions import Interactions
from shortlist.data.datasets._dataset import Dataset
from shortlist.data.datasets._world import SyntheticWorld, generator
from shortlist.data.datasets._world_events import draw_blocks
from shortlist.data.datasets._world_features import describe_items, describe_users, item_ids, user_ids
from shortlist.errors import ArgumentError, must

__all__ = ["synthetic", "synthetic_batches"]

# From 1 January 2020 on, for three years, in seconds.
_FIRST_SECOND = 1_577_836_800
_NUM_SECONDS = 3 * 365 * 86_400
_WORST_RATING, _BEST_RATING = 1, 5


def synthetic(
    num_users: int,
    num_items: int,
    num_interactions: int,
    *,
    latent_dim: int = 8,
    popularity_exponent: float = 0.8,
    seed: int = 0,
) -> Dataset:
    """Make a data set with tastes, popular items, seasons, ratings and features.

    Interactions have user_id, item_id (str), rating (float32, 1 to 5) and timestamp (int64, seconds), in
    order of time, no pair of user and item twice. `SyntheticWorld.draw` with the same arguments gives the
    world behind it, and its true affinity.

    Args:
        num_users: Users, of whom some may meet nothing.
        num_items: Items, of which some may meet nobody.
        num_interactions: Rows, at most `num_users` times `num_items`.
        latent_dim: The number of topics that tastes are made of.
        popularity_exponent: The r-th most popular item has weight r**-exponent; 0 makes all alike.
        seed: The same seed gives the same data set.

    Returns:
        The data set; users have age and segment, items have title, year and genres.

    Raises:
        ArgumentError: If a size is less than 1, or there are fewer pairs of user and item than interactions.

    Example:
        >>> data = synthetic(50, 40, 600, seed=3)
        >>> data.interactions
        Interactions(600 rows, 49 users, 40 items, columns=['user_id', 'item_id', 'rating', 'timestamp'])
    """
    world = SyntheticWorld.draw(
        num_users, num_items, latent_dim=latent_dim, popularity_exponent=popularity_exponent, seed=seed
    )
    table = pa.concat_tables(_tables(world, num_interactions))
    order = np.argsort(table["timestamp"].to_numpy(), kind="stable")
    interactions = _interactions(table.combine_chunks().take(pa.array(order)))
    return Dataset("synthetic", interactions, describe_users(world), describe_items(world), title="title")


def synthetic_batches(
    num_users: int,
    num_items: int,
    num_interactions: int,
    *,
    batch_size: int = 65_536,
    latent_dim: int = 8,
    popularity_exponent: float = 0.8,
    seed: int = 0,
) -> Iterator[Interactions]:
    """Make the interactions of `synthetic` piece by piece, in memory that does not grow with their number.

    The same rows as those of `synthetic` with the same arguments, whatever the batch size, but in another
    order: one group of users comes after the other, each group in order of time.

    Args:
        num_users: Users, of whom some may meet nothing.
        num_items: Items, of which some may meet nobody.
        num_interactions: Rows in all, at most `num_users` times `num_items`.
        batch_size: Rows in each piece; the last one may have fewer.
        latent_dim: The number of topics that tastes are made of.
        popularity_exponent: The r-th most popular item has weight r**-exponent; 0 makes all alike.
        seed: The same seed gives the same rows.

    Yields:
        Interactions of `batch_size` rows.

    Raises:
        ArgumentError: If a size is less than 1, or there are fewer pairs of user and item than interactions.

    Example:
        >>> [len(batch) for batch in synthetic_batches(50, 40, 600, batch_size=250)]
        [250, 250, 100]
    """
    if batch_size < 1:
        raise ArgumentError(must("batch_size", "be >= 1", got=batch_size))
    world = SyntheticWorld.draw(
        num_users, num_items, latent_dim=latent_dim, popularity_exponent=popularity_exponent, seed=seed
    )
    return map(_interactions, _resized(_tables(world, num_interactions), batch_size))


def _interactions(table: pa.Table) -> Interactions:
    return Interactions(table, "user_id", "item_id", "rating", "timestamp")


def _tables(world: SyntheticWorld, num_interactions: int) -> Iterator[pa.Table]:
    users_generosity = generator(world.seed, 8).normal(0, 0.4, world.num_users)
    item_quality = generator(world.seed, 9).normal(0, 0.5, world.num_items)
    for users, items, times in draw_blocks(world, num_interactions):
        noise = generator(world.seed, 10, int(users[0])).normal(0, 0.6, len(users))
        match = (world.user_tastes[users] * world.item_topics[items]).sum(axis=1)
        ratings = 2.5 + 2.5 * match + users_generosity[users] + item_quality[items] + noise
        ratings = np.clip(np.rint(ratings), _WORST_RATING, _BEST_RATING).astype(np.float32)
        seconds = _FIRST_SECOND + (times * _NUM_SECONDS).astype(np.int64)
        columns = [user_ids(users), item_ids(items), pa.array(ratings), pa.array(seconds)]
        yield pa.table(columns, names=["user_id", "item_id", "rating", "timestamp"])


def _resized(tables: Iterator[pa.Table], num_rows: int) -> Iterator[pa.Table]:
    """Cut a stream of tables into tables of one size."""
    rest: list[pa.Table] = []
    for table in tables:
        whole = pa.concat_tables([*rest, table])
        num_whole = len(whole) - len(whole) % num_rows
        yield from (whole.slice(start, num_rows) for start in range(0, num_whole, num_rows))
        rest = [whole.slice(num_whole)] if num_whole < len(whole) else []
    yield from rest
