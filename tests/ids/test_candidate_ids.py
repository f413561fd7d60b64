"""Ids to rows and back, with removed and added candidates."""

import numpy as np
import pytest
from tests.oracles.worlds import ID_POOLS, PADDING_OF

from shortlist.errors import FeatureError
from shortlist.ids import CandidateIds, Vocabulary

pytestmark = pytest.mark.contract


@pytest.mark.parametrize("kind", ["str", "bytes", "int64"])
def test_rows_and_ids_of_every_kind(kind: str) -> None:
    pool = np.array(ID_POOLS[kind], "int64" if kind == "int64" else object)
    delta = tuple(pool[3:].tolist())
    is_live = np.array([True, False, *[True] * (len(pool) - 2)])
    ids = CandidateIds(Vocabulary(pool[:3]), 3, delta, is_live)
    rows = ids.rows(pool[None])
    assert rows.tolist() == [[0, -1, *range(2, len(pool))]]
    assert ids.of_rows(rows).tolist() == [[pool[0], PADDING_OF[kind], *pool[2:]]]
    assert ids.known().tolist() == [pool[0], *pool[2:]]
    assert type(ids.padding) is type(PADDING_OF[kind])
    assert ids.plain(pool) == pool.tolist()


def test_row_numbers_for_ids() -> None:
    ids = CandidateIds(None, 3, (9,), np.array([True, True, False, True]))
    assert ids.rows(np.array([0, 2, 9, 3, -1])).tolist() == [0, -1, 3, -1, -1]
    assert ids.of_rows(np.array([1, 3, -1])).tolist() == [1, 9, -1]
    with pytest.raises(FeatureError, match="row numbers"):
        ids.rows(np.array(["a"], object))


@pytest.mark.parametrize("vocabulary", [None, Vocabulary([0, 1, 2])])
def test_integers_beyond_64_bits_are_unknown(vocabulary: Vocabulary | None) -> None:
    ids = CandidateIds(vocabulary, 3, (), np.ones(3, "bool"))
    many = [2**63, 1, -(2**63) - 1, 10**30, -1]
    assert ids.rows(np.array(many, object)).tolist() == [-1, 1, -1, -1, -1]
    assert ids.rows(np.array([2**63, 2**64 - 1, 1], "uint64")).tolist() == [-1, -1, 1]


def test_what_was_replaced_is_found_where_it_is_now() -> None:
    ids = CandidateIds(Vocabulary(["a", "b"]), 2, ("a",), np.array([False, True, True]))
    assert ids.rows(np.array(["a", "b"], object)).tolist() == [2, 1]
    assert ids.known().tolist() == ["b", "a"]
