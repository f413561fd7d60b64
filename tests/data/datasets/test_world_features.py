from collections import Counter

import numpy as np
import pyarrow as pa

from shortlist.data import SyntheticWorld
from shortlist.data.datasets._world_features import describe_items, describe_users, item_ids, user_ids


def purity(topics, values):
    """The share of rows whose topic is the commonest one among the rows of the same value."""
    commonest = Counter()
    for (value, _), count in Counter(zip(values, topics.tolist(), strict=True)).items():
        commonest[value] = max(commonest[value], count)
    return sum(commonest.values()) / len(values)


def test_ids_carry_the_row():
    assert user_ids(np.array([0, 12])).to_pylist() == ["u0", "u12"]
    assert item_ids(np.array([3])).to_pylist() == ["i3"]


def test_users_features_hint_at_tastes():
    world = SyntheticWorld.draw(2000, 10, seed=3)
    users = describe_users(world)
    assert users.schema == pa.schema({"user_id": pa.string(), "age": pa.int64(), "segment": pa.string()})
    loved = world.user_tastes.argmax(axis=1)
    assert 0.8 < purity(loved, users["segment"].to_pylist()) < 0.95
    ages = users["age"].to_numpy()
    assert 18 <= ages.min() <= ages.max() <= 75
    assert np.corrcoef(ages, loved)[0, 1] > 0.8


def test_items_features_hint_at_topics():
    world = SyntheticWorld.draw(10, 2000, seed=3)
    items = describe_items(world)
    assert items.column_names == ["item_id", "title", "year", "genres"]
    titles = items["title"].to_pylist()
    assert len(set(titles)) == 2000
    main = world.item_topics.argmax(axis=1)
    assert purity(main, [title.split()[0] for title in titles]) > 0.6
    assert purity(main, [tuple(genres) for genres in items["genres"].to_pylist()]) > 0.6
    assert min(map(len, items["genres"].to_pylist())) == 1


def test_many_topics_have_names_of_their_own():
    world = SyntheticWorld.draw(3000, 10, latent_dim=20)
    assert len(set(describe_users(world)["segment"].to_pylist())) == 20


def test_features_are_the_same_for_the_same_seed():
    first, again = (SyntheticWorld.draw(20, 20, seed=9) for _ in range(2))
    assert describe_users(first).equals(describe_users(again))
    assert describe_items(first).equals(describe_items(again))
