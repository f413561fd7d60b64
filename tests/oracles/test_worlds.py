"""What the worlds promise holds in each of them."""

import numpy as np
import pytest
from hypothesis import given
from tests.oracles.worlds import (
    BATCH_SIZE,
    NUM_QUERIES,
    BatchWorld,
    ListWorld,
    RankingWorld,
    batch_world,
    batch_worlds,
    list_worlds,
    ranking_world,
    ranking_worlds,
    row_streams,
    slices,
)


@given(batch_worlds())
def test_batches_collide(world: BatchWorld) -> None:
    ids, users = world.candidate_ids, world.query_ids
    assert ids[0] == ids[1] != ids[2]
    assert users[0] == users[2] != users[1]
    assert len(ids) == len(world.candidates) == world.score_mask.shape[1] == len(world.log_probability)
    assert ids[NUM_QUERIES:][:1] in ([], [ids[0]])
    assert not world.score_mask[0, 0]
    assert not world.score_mask[3].any()
    assert set(world.sample_weight) == {0, 1, 2}


@given(batch_worlds(tied=True))
def test_tied_batches_hold_whole_numbers(world: BatchWorld) -> None:
    assert set(np.unique(world.queries)) <= {-1, 0, 1}


@given(ranking_worlds())
def test_rankings_are_tied_padded_and_overlapping(world: RankingWorld) -> None:
    num_candidates = world.scores.shape[1]
    assert all(len(set(scores)) < num_candidates for scores in world.scores)
    assert any(len(set(scores)) == 1 for scores in world.scores)
    assert any(set(rows) == {-1} for rows in world.true_rows)
    assert any(len(set(rows) - {-1, -2}) > 1 for rows in world.true_rows)
    assert any(-2 in rows for rows in world.true_rows)
    assert any(len(rows) > len(set(rows)) for rows in world.true_rows)
    pairs = zip(world.true_rows, world.excluded_rows, strict=True)
    assert any(set(rows) & set(excluded) - {-1} for rows, excluded in pairs)
    assert any(set(excluded) == set(range(num_candidates)) for excluded in world.excluded_rows)
    assert [] in world.excluded_rows
    assert max(world.ks) > num_candidates in world.ks


@given(list_worlds())
def test_lists_are_padded_and_true_ids_missing(world: ListWorld) -> None:
    assert [] in world.recommended
    assert any(set(ids) <= {"", b"", -1} for ids in world.true)
    assert any(ids and ids[0] in {"", b"", -1} for ids in world.recommended)
    everything = {one for ids in world.recommended for one in ids}
    assert any(set(ids) - everything for ids in world.true)


@given(row_streams())
def test_streams_repeat_rows_and_end_with_one(stream: list[list[int]]) -> None:
    first, second, last = stream
    assert first[0] == first[1] == second[0]
    assert len(last) == 1


def test_the_last_batch_is_tiny() -> None:
    sizes = [part.stop - part.start for part in slices(NUM_QUERIES, BATCH_SIZE)]
    assert sizes == [3, 3, 1]


def test_a_seed_gives_the_same_world() -> None:
    np.testing.assert_array_equal(batch_world(5).queries, batch_world(5).queries)
    assert not np.array_equal(batch_world(5).queries, batch_world(6).queries)


def test_too_few_candidates_to_tie_are_refused() -> None:
    with pytest.raises(ValueError, match="from 4"):
        ranking_world(0, num_candidates=3)
