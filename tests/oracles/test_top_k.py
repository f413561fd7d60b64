"""The top-k oracle on cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from tests.oracles.top_k import top_k
from tests.oracles.worlds import RankingWorld, ranking_worlds

INF = np.inf


def test_highest_first_and_ties_by_lowest_row() -> None:
    scores, rows = top_k([[1, 3, 2], [5, 5, 6]], 2)
    np.testing.assert_array_equal(scores, [[3, 2], [6, 5]])
    np.testing.assert_array_equal(rows, [[1, 2], [2, 0]])


def test_excluded_rows_never_come_back_and_k_are_left() -> None:
    scores, rows = top_k([[1, 3, 2, 0]], 2, [[1, 1, -1]])
    np.testing.assert_array_equal(scores, [[2, 1]])
    np.testing.assert_array_equal(rows, [[2, 0]])


def test_too_few_are_filled_up() -> None:
    scores, rows = top_k([[1, 3], [4, 2]], 3, [[0, 1], []])
    np.testing.assert_array_equal(scores, [[-INF, -INF, -INF], [4, 2, -INF]])
    np.testing.assert_array_equal(rows, [[-1, -1, -1], [0, 1, -1]])


def test_a_real_score_of_minus_infinity_is_not_padding() -> None:
    scores, rows = top_k([[-INF, 0]], 3)
    np.testing.assert_array_equal(rows, [[1, 0, -1]])
    np.testing.assert_array_equal(scores, [[0, -INF, -INF]])


def test_no_queries_give_an_empty_answer() -> None:
    scores, rows = top_k(np.zeros((0, 4)), 2)
    assert scores.shape == rows.shape == (0, 2)


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        top_k([[1.0]], 0)
    with pytest.raises(ValueError, match="numbers"):
        top_k([[np.nan]], 1)


@given(ranking_worlds())
def test_allowed_rows_once_each_best_first(world: RankingWorld) -> None:
    for k in world.ks:
        scores, rows = top_k(world.scores, k, world.excluded_rows)
        for query, excluded in enumerate(world.excluded_rows):
            found = [int(row) for row in rows[query] if row >= 0]
            allowed = set(range(world.scores.shape[1])) - set(excluded)
            assert len(found) == len(set(found)) == min(k, len(allowed))
            assert set(found) <= allowed
            assert list(scores[query]) == sorted(scores[query], reverse=True)
            assert [world.scores[query, row] for row in found] == list(scores[query][: len(found)])
