"""Drawn test sets and recommenders that answer from a table, with ids of every kind."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from tests.oracles.worlds import ID_KINDS, ID_POOLS, PADDING_OF

from shortlist.data import Interactions


@dataclass(frozen=True)
class World:
    kind: str
    test: list[tuple[Any, Any]]  # user and item of each row, pairs may repeat
    train: list[tuple[Any, Any]]
    lists: dict[Any, list[Any]]  # for each user: ids, perhaps twice, and padding anywhere
    ks: tuple[int, ...]

    def recommend(self, user_ids, k, exclude):
        assert exclude is None or len(exclude) == len(user_ids)
        width = min(k, max(map(len, self.lists.values())))
        rows = [(self.lists[user] + [None] * width)[:width] for user in user_ids.tolist()]
        lists = np.empty((len(rows), width), dtype=object)
        for row, ids in zip(lists, rows, strict=True):
            row[:] = ids
        return lists


def interactions(pairs: list[tuple[Any, Any]]) -> Interactions:
    users, items = zip(*pairs, strict=True)
    return Interactions.from_table({"user": list(users), "item": list(items)}, user="user", item="item")


@st.composite
def worlds(draw) -> World:
    kind = draw(ID_KINDS)
    ids = st.sampled_from(ID_POOLS[kind])
    pairs = st.lists(st.tuples(ids, ids), min_size=1, max_size=12)
    listed = st.lists(st.one_of(ids, st.sampled_from([None, PADDING_OF[kind]])), max_size=7)
    lists = {user: draw(listed) for user in ID_POOLS[kind]}
    ks = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3, unique=True))
    return World(kind, draw(pairs), draw(pairs), lists, tuple(ks))
