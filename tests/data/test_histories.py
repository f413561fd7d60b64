import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shortlist.data import Histories, Interactions
from shortlist.errors import ArgumentError, FeatureError

EVENTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=40)
KINDS = {"str": (str, ""), "bytes": (lambda number: str(number).encode(), b""), "int64": (int, -1)}


def histories_of(events, kind="int64", timestamp="t"):
    make, _ = KINDS[kind]
    columns = {
        "u": [make(user) for user, _, _ in events],
        "i": [make(item) for _, item, _ in events],
        "t": [time for _, _, time in events],
    }
    return Histories.from_interactions(
        Interactions.from_table(columns, user="u", item="i", timestamp=timestamp)
    )


def oracle(events, user, by_time=True):
    mine = [
        (time if by_time else 0, row, item) for row, (owner, item, time) in enumerate(events) if owner == user
    ]
    return [item for _, _, item in sorted(mine)]


@given(EVENTS, st.booleans())
def test_items_follow_time_then_rows(events, by_time):
    histories = histories_of(events, timestamp="t" if by_time else None)
    asked = [4, 99, 0, 1, 0]
    expected = [oracle(events, user, by_time) for user in asked]
    assert [items.tolist() for items in histories.items_of(asked)] == expected
    assert histories.lengths(asked).tolist() == [len(items) for items in expected]


@given(EVENTS, st.sampled_from(sorted(KINDS)), st.one_of(st.none(), st.integers(1, 6)))
def test_padded_holds_the_latest_items_and_padding_only_after_them(events, kind, max_length):
    make, padding = KINDS[kind]
    asked = [3, 99, 0]
    latest = [[make(item) for item in oracle(events, user)][-(max_length or 99) :] for user in asked]
    width = max_length or max(map(len, latest))
    padded = histories_of(events, kind).padded([make(user) for user in asked], max_length)
    assert padded.shape == (3, width)
    assert padded.tolist() == [items + [padding] * (width - len(items)) for items in latest]


def test_no_users_give_no_rows():
    histories = histories_of([(0, 1, 2)], "str")
    assert histories.items_of([]) == []
    assert histories.padded([], max_length=3).shape == (0, 3)
    assert histories.padded(["nobody"]).shape == (1, 0)


def test_sizes_are_told():
    histories = histories_of([(0, 1, 2), (1, 1, 2), (0, 1, 3)])
    assert len(histories) == 2
    assert repr(histories) == "Histories(2 users, 3 items)"


@pytest.mark.parametrize("method", ["items_of", "padded", "lengths"])
def test_users_of_another_kind_are_refused_rather_than_unknown(method):
    with pytest.raises(FeatureError, match="ids must be str such as '0'.*got int64 such as 0"):
        getattr(histories_of([(0, 1, 2)], "str"), method)(np.array([0]))
    with pytest.raises(FeatureError, match="got str such as '0' and int such as 1"):
        getattr(histories_of([(0, 1, 2)], "str"), method)(["0", 1])
    with pytest.raises(ArgumentError, match=r"user_ids must be a list of ids, got shape \(1, 1\)"):
        getattr(histories_of([(0, 1, 2)], "str"), method)([["0"]])


def test_a_length_below_one_is_refused():
    with pytest.raises(ArgumentError, match="max_length must be >= 1, got 0"):
        histories_of([(0, 1, 2)]).padded([0], max_length=0)
