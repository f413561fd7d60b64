"""Synthetic datasets of any size, reproducible from a seed, whose true preferences are known."""

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
    """Generate a dataset with tastes, popular items, seasons, ratings and features.

    Interactions have user_id, item_id (str), rating (float32, 1 to 5) and timestamp (int64, seconds), sorted
    by time; no pair of user and item occurs twice. `SyntheticWorld.draw` with the same arguments returns the
    users and items they are drawn from, with their true affinity.

    Args:
        num_users: Number of users; some may have no interactions.
        num_items: Number of items; some may have no interactions.
        num_interactions: Number of rows, at most `num_users * num_items`.
        latent_dim: Number of topics.
        popularity_exponent: The r-th most popular item has weight `r**-exponent`; 0 for equal weights.
        seed: Seed of the dataset.

    Returns:
        Dataset whose users have age and segment, and whose items have title, year and genres.

    Raises:
        ArgumentError: If a size is below 1, or there are fewer pairs of user and item than interactions.

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
    """Generate the interactions of `synthetic` in batches, in bounded memory.

    The rows are those of `synthetic` with the same arguments, for any batch size, but in another order: one
    group of users after another, each sorted by time.

    Args:
        num_users: Number of users; some may have no interactions.
        num_items: Number of items; some may have no interactions.
        num_interactions: Total number of rows, at most `num_users * num_items`.
        batch_size: Rows per batch; the last one may have fewer.
        latent_dim: Number of topics.
        popularity_exponent: The r-th most popular item has weight `r**-exponent`; 0 for equal weights.
        seed: Seed of the dataset.

    Yields:
        Interactions of `batch_size` rows.

    Raises:
        ArgumentError: If a size is below 1, or there are fewer pairs of user and item than interactions.

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
