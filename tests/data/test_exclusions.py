"""Items left out of an evaluation and repeated rows, next to plain loops over pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.oracles.worlds import ID_KINDS, ID_POOLS

from shortlist.data import Histories, Interactions, repeated_rows
from shortlist.data._exclusions import exclusions
from shortlist.errors import ArgumentError


def interactions(pairs):
    users, items = zip(*pairs, strict=True)
    return Interactions.from_table({"user": list(users), "item": list(items)}, user="user", item="item")


@st.composite
def parts(draw):
    ids = st.sampled_from(ID_POOLS[draw(ID_KINDS)])
    pairs = st.lists(st.tuples(ids, ids), min_size=1, max_size=10)
    return draw(pairs), draw(pairs)


@given(parts=parts(), as_histories=st.booleans())
def test_what_a_user_met_is_left_out_except_what_is_evaluated(parts, as_histories):
    train, test = parts
    exclude = Histories.from_interactions(interactions(train)) if as_histories else interactions(train)
    users = list(dict.fromkeys(user for user, _ in train + test))
    left_out = exclusions(exclude, interactions(test)).items_of(
        np.array(users, interactions(test).users.dtype)
    )
    for user, items in zip(users, left_out, strict=True):
        expected = [item for other, item in train if other == user and (user, item) not in test]
        assert items.tolist() == expected  # in their order, a repeated item as often as before


@given(parts=parts())
def test_rows_that_repeat_a_pair_are_found(parts):
    train, test = parts
    assert repeated_rows(interactions(test), interactions(train)).tolist() == [pair in train for pair in test]


def test_other_types_and_kinds_are_refused():
    test = interactions([(1, 2)])
    with pytest.raises(ArgumentError, match="other must hold item ids of kind int64.*got str"):
        repeated_rows(test, interactions([(1, "2")]))
    with pytest.raises(ArgumentError, match="exclude must be an Interactions, got dict"):
        exclusions({"user": [1]}, test)
