import tracemalloc

import numpy as np
import pytest

from shortlist.data import Histories, SyntheticWorld, random_split, synthetic, synthetic_batches
from shortlist.errors import ArgumentError

SIZE = {"num_users": 300, "num_items": 200, "num_interactions": 6000, "seed": 5}


def rows_of(ids):
    return np.array([int(value[1:]) for value in ids])


def share_in_top(scores, users, items, k):
    """The share of pairs whose item is among the k best of its user, ties against us."""
    own = scores[users, items][:, None]
    return float(((scores[users] >= own).sum(axis=1) <= k).mean())


def test_rows_are_in_order_of_time_and_no_pair_is_repeated():
    data = synthetic(**SIZE).interactions
    pairs = set(zip(data.users, data.items, strict=True))
    assert len(data) == len(pairs) == 6000
    assert (np.diff(data.timestamps) >= 0).all()
    assert set(data.ratings.tolist()) == {1.0, 2.0, 3.0, 4.0, 5.0}


def test_every_row_has_its_features():
    data = synthetic(**SIZE)
    assert data.users.num_rows == 300
    assert data.items.num_rows == 200
    assert data.joined().columns[4:] == ["age", "segment", "title", "year", "genres"]
    assert data.title in data.items.column_names


def test_the_seed_decides_the_data():
    assert synthetic(**SIZE) == synthetic(**SIZE)
    assert synthetic(**SIZE).interactions != synthetic(**SIZE | {"seed": 6}).interactions


@pytest.mark.parametrize("batch_size", [1000, 4096, 100_000])
def test_batches_hold_the_same_rows_whatever_their_size(batch_size):
    batches = list(synthetic_batches(**SIZE, batch_size=batch_size))
    assert {len(batch) for batch in batches[:-1]} <= {batch_size}
    streamed = [row for batch in batches for row in batch.table.to_pylist()]
    whole = synthetic(**SIZE).interactions.table.to_pylist()
    key = sorted(whole[0])
    assert sorted(streamed, key=lambda row: [row[name] for name in key]) == sorted(
        whole, key=lambda row: [row[name] for name in key]
    )


def test_the_true_affinity_beats_popularity_clearly():
    size = SIZE | {"num_interactions": 9000}
    train, test = random_split(synthetic(**size).interactions)
    world = SyntheticWorld.draw(size["num_users"], size["num_items"], seed=size["seed"])
    users, items = rows_of(test.users), rows_of(test.items)
    counts = np.bincount(rows_of(train.items), minlength=200).astype(float)
    scores = {"truth": world.affinity(np.arange(300)), "popularity": np.tile(counts, (300, 1))}
    for values in scores.values():
        values[rows_of(train.users), rows_of(train.items)] = -1.0
    hits = {name: share_in_top(values, users, items, 10) for name, values in scores.items()}
    assert hits["truth"] > 1.5 * hits["popularity"] > 0


def test_ratings_rise_with_the_taste_for_the_item():
    data = synthetic(**SIZE).interactions
    world = SyntheticWorld.draw(300, 200, seed=5)
    users, items = rows_of(data.users), rows_of(data.items)
    match = (world.user_tastes[users] * world.item_topics[items]).sum(axis=1)
    assert np.corrcoef(match, data.ratings)[0, 1] > 0.3


def test_histories_of_a_world_hold_all_rows():
    data = synthetic(**SIZE).interactions
    assert Histories.from_interactions(data).lengths(np.unique(data.users)).sum() == 6000


def peak_of_stream(num_interactions):
    tracemalloc.start()
    for _ in synthetic_batches(2000, 2000, num_interactions, batch_size=10_000):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_stream():
    assert peak_of_stream(600_000) < 1.3 * peak_of_stream(200_000)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 0}, "batch_size must be >= 1, got 0"),
        ({"num_users": 0}, "num_users must be >= 1, got 0"),
        ({"seed": -1}, "seed must be >= 0, got -1"),
    ],
)
def test_sizes_out_of_range_are_refused_at_once(change, message):
    with pytest.raises(ArgumentError, match=message):
        synthetic_batches(**SIZE | change)


def test_too_many_interactions_are_refused():
    with pytest.raises(ArgumentError, match="num_interactions must be in 1 to 100, .* got 101"):
        synthetic(10, 10, 101)
