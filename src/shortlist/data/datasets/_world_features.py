"""Features of users and items in synthetic data; they correlate with the hidden tastes."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shortlist.data._tables import lists_from_mask
from shortlist.data.datasets._world import SyntheticWorld, generator

__all__ = ["describe_items", "describe_users", "item_ids", "user_ids"]

_WORDS = {
    "adventure": ("Island", "Treasure", "Jungle", "Voyage", "Compass", "Summit"),
    "comedy": ("Wedding", "Neighbor", "Holiday", "Parrot", "Banana", "Circus"),
    "crime": ("Detective", "Alibi", "Heist", "Witness", "Verdict", "Vault"),
    "drama": ("Letter", "Mother", "Winter", "Promise", "Farewell", "Orchard"),
    "horror": ("Ghost", "Cellar", "Midnight", "Scream", "Raven", "Crypt"),
    "music": ("Guitar", "Chorus", "Ballad", "Rhythm", "Encore", "Piano"),
    "romance": ("Kiss", "Paris", "Rose", "Valentine", "Waltz", "Moonlight"),
    "space": ("Star", "Orbit", "Comet", "Robot", "Galaxy", "Planet"),
}
_SEGMENT_IS_TRUE = 0.85
_GENRE_SHARE = 0.3
_FIRST_YEAR, _LAST_YEAR = 1960, 2019
_YOUNGEST, _OLDEST = 18, 75
_AGE_SPREAD = 7.0


def user_ids(rows: np.ndarray) -> pa.Array:
    """Return the ids of users by row: `"u0"`, `"u1"` and so on."""
    return _ids("u", rows)


def item_ids(rows: np.ndarray) -> pa.Array:
    """Return the ids of items by row: `"i0"`, `"i1"` and so on."""
    return _ids("i", rows)


def _ids(letter: str, rows: np.ndarray) -> pa.Array:
    return pc.binary_join_element_wise(letter, pa.array(rows).cast(pa.string()), "")


def describe_users(world: SyntheticWorld) -> pa.Table:
    """Return user_id, age (int64) and segment (str) of every user, in the order of the world's rows.

    Both hint at the topic that the user loves most: age by its mean, the segment by being right mostly.

    Args:
        world: The world.
    """
    random = generator(world.seed, 5)
    loved = world.user_tastes.argmax(axis=1)
    middle = _YOUNGEST + (loved + 0.5) / world.latent_dim * (_OLDEST - _YOUNGEST)
    ages = np.clip(np.rint(random.normal(middle, _AGE_SPREAD)), _YOUNGEST, _OLDEST).astype(np.int64)
    is_true = random.random(world.num_users) < _SEGMENT_IS_TRUE
    segments = np.where(is_true, loved, random.integers(world.latent_dim, size=world.num_users))
    names = pa.array([f"{topic} fans" for topic in _topics(world.latent_dim)])
    columns = [user_ids(np.arange(world.num_users)), pa.array(ages), names.take(pa.array(segments))]
    return pa.table(columns, names=["user_id", "age", "segment"])


def describe_items(world: SyntheticWorld) -> pa.Table:
    """Return item_id, title (str), year (int64) and genres (lists of str) of every item, by row.

    A title is two words, each of a topic drawn from the item's, and a number that makes it the only one of
    its name. Genres are the topics that make up much of the item.

    Args:
        world: The world.
    """
    main = world.item_topics.argmax(axis=1)
    is_genre = world.item_topics >= _GENRE_SHARE
    is_genre[np.arange(world.num_items), main] = True
    years = generator(world.seed, 6).integers(_FIRST_YEAR, _LAST_YEAR + 1, size=world.num_items)
    columns = [
        item_ids(np.arange(world.num_items)),
        _titles(world),
        pa.array(years),
        lists_from_mask(is_genre, _topics(world.latent_dim)),
    ]
    return pa.table(columns, names=["item_id", "title", "year", "genres"])


def _titles(world: SyntheticWorld) -> pa.Array:
    random = generator(world.seed, 7)
    words = pa.array([word for topic in range(world.latent_dim) for word in _words(topic)])
    numbers = pa.array(np.arange(world.num_items) + 1).cast(pa.string())
    first, second = (words.take(pa.array(_draw_words(world, random))) for _ in range(2))
    return pc.binary_join_element_wise(first, second, numbers, " ")


def _draw_words(world: SyntheticWorld, random: np.random.Generator) -> np.ndarray:
    limits = np.cumsum(world.item_topics, axis=1)
    topics = (limits < random.random((world.num_items, 1)) * limits[:, -1:]).sum(axis=1)
    num_words = len(_words(0))
    return topics * num_words + random.integers(num_words, size=world.num_items)


def _topics(latent_dim: int) -> list[str]:
    names = list(_WORDS)
    return [_numbered(names[topic % len(names)], topic) for topic in range(latent_dim)]


def _words(topic: int) -> list[str]:
    return [_numbered(word, topic) for word in list(_WORDS.values())[topic % len(_WORDS)]]


def _numbered(name: str, topic: int) -> str:
    # Topics beyond the eighth take the names again, with a number: "space2".
    turn = topic // len(_WORDS)
    return f"{name}{turn + 1}" if turn else name
