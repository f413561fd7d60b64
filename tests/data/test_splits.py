from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.data import Interactions, leave_last_out, random_split, time_split
from shortlist.errors import ArgumentError, DataError

# Few users and few times, so that ties and users with one row are common.
EVENTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 6)), min_size=2, max_size=40)


def interactions_of(events, **roles):
    users, items, times = zip(*events, strict=True)
    columns = {"u": users, "i": items, "t": times, "row": range(len(events))}
    return Interactions.from_table(columns, user="u", item="i", **({"timestamp": "t"} | roles))


def rows_of(part):
    return part.column("row").tolist()


def check_nothing_is_lost(data, train, test):
    assert sorted(rows_of(train) + rows_of(test)) == list(range(len(data)))
    assert rows_of(train) == sorted(rows_of(train))
    assert rows_of(test) == sorted(rows_of(test))
    for part in (train, test):
        np.testing.assert_array_equal(part.items, data.items[rows_of(part)])


@given(EVENTS, st.floats(0.05, 0.95), st.integers(0, 5))
def test_random_parts_are_disjoint_whole_and_of_the_size_asked_for(events, fraction, seed):
    data = interactions_of(events)
    num_test = round(len(events) * fraction)
    if num_test in (0, len(events)):
        with pytest.raises(DataError, match="both parts must have at least one row"):
            random_split(data, test_fraction=fraction, seed=seed)
        return
    train, test = random_split(data, test_fraction=fraction, seed=seed)
    check_nothing_is_lost(data, train, test)
    assert len(test) == num_test


def test_the_seed_decides_the_random_parts():
    data = interactions_of([(0, row, 0) for row in range(200)])
    first, again, other = (random_split(data, seed=seed)[1] for seed in (1, 1, 2))
    assert rows_of(first) == rows_of(again) != rows_of(other)


def test_every_row_is_as_likely_to_be_held_out():
    data = interactions_of([(0, row, 0) for row in range(10)])
    held_out = Counter(row for seed in range(1000) for row in rows_of(random_split(data, seed=seed)[1]))
    # Each count is binomial (1000, 0.2): a standard deviation of 12.6.
    assert all(150 < held_out[row] < 250 for row in range(10))


@given(EVENTS, st.floats(0.05, 0.95))
def test_every_test_row_is_later_than_every_train_row(events, fraction):
    data = interactions_of(events)
    num_test = round(len(events) * fraction)
    times = sorted(time for _, _, time in events)
    if num_test in (0, len(events)) or times[-num_test] == times[0]:
        with pytest.raises(DataError, match="both parts must have at least one row"):
            time_split(data, test_fraction=fraction)
        return
    train, test = time_split(data, test_fraction=fraction)
    check_nothing_is_lost(data, train, test)
    assert max(train.timestamps) < min(test.timestamps)
    # The smallest part that is large enough and keeps rows of one time together.
    assert len(test) >= num_test
    assert (test.timestamps > min(test.timestamps)).sum() < num_test


@given(EVENTS, st.integers(1, 3))
def test_the_last_rows_of_each_user_are_held_out(events, num_held_out):
    data = interactions_of(events)
    expected = set()
    for user in range(5):
        mine = [(time, row) for row, (owner, _, time) in enumerate(events) if owner == user]
        if len(mine) > num_held_out:
            expected |= {row for _, row in sorted(mine)[-num_held_out:]}
    if not expected:
        with pytest.raises(DataError, match="both parts must have at least one row"):
            leave_last_out(data, num_held_out=num_held_out)
        return
    train, test = leave_last_out(data, num_held_out=num_held_out)
    check_nothing_is_lost(data, train, test)
    assert set(rows_of(test)) == expected
    assert set(test.users) <= set(train.users)


@pytest.mark.parametrize("fraction", [0, 1, -0.5, 1.5, np.nan])
@pytest.mark.parametrize("split", [random_split, time_split])
def test_a_fraction_that_leaves_nothing_is_refused(split, fraction):
    with pytest.raises(ArgumentError, match=f"test_fraction must be in \\(0, 1\\), got {fraction}"):
        split(interactions_of([(0, 0, 0), (0, 1, 1)]), test_fraction=fraction)


@pytest.mark.parametrize("split", [time_split, leave_last_out])
def test_splits_by_time_need_a_timestamp(split):
    with pytest.raises(DataError, match="must have a timestamp column"):
        split(interactions_of([(0, 0, 0), (0, 1, 1)], timestamp=None))


def test_holding_out_no_row_is_refused():
    with pytest.raises(ArgumentError, match="num_held_out must be >= 1, got 0"):
        leave_last_out(interactions_of([(0, 0, 0), (0, 1, 1)]), num_held_out=0)


def test_movielens_splits_by_their_known_sizes(movielens_100k):
    data = movielens_100k.interactions
    assert [len(part) for part in random_split(data)] == [80_000, 20_000]
    assert [len(part) for part in leave_last_out(data)] == [100_000 - 943, 943]
    train, test = time_split(data)
    assert max(train.timestamps) < min(test.timestamps)
    assert 20_000 <= len(test) < 20_100
