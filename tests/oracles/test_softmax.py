"""The in-batch softmax oracle on cases worked out by hand."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from tests.oracles.softmax import in_batch_softmax
from tests.oracles.statistics import softmax_loss
from tests.oracles.worlds import BatchWorld, batch_world, batch_worlds

LOG_2, LOG_3 = math.log(2), math.log(3)
ONES = np.ones((3, 1))
INF = math.inf


def kept(**arguments: Any) -> list[list[int]]:
    """Columns kept in each row when three queries and three candidates all score 1."""
    logits = in_batch_softmax(ONES, arguments.pop("candidates", ONES), **arguments)["logits"]
    return [[int(column) for column in np.flatnonzero(row > -INF)] for row in logits]


def test_equal_scores_give_the_log_of_how_many_there_are() -> None:
    answer = in_batch_softmax(ONES, ONES)
    np.testing.assert_allclose(answer["per_example"], [LOG_3] * 3)
    assert answer["loss"] == pytest.approx(LOG_3)


def test_two_rows_by_hand() -> None:
    # scores [[2, 0], [0, 3]]: log(1 + e^-2) and log(1 + e^-3); e^-2 / (1 + e^-2) is the wrong one's share
    answer = in_batch_softmax([[2.0, 0.0], [0.0, 3.0]], np.eye(2))
    np.testing.assert_allclose(answer["per_example"], [math.log1p(math.exp(-2)), math.log1p(math.exp(-3))])
    first, second = 1 / (1 + math.exp(2)), 1 / (1 + math.exp(3))
    expected = [[-first / 2, first / 2], [second / 2, -second / 2]]
    np.testing.assert_allclose(answer["grad_queries"], expected, atol=1e-9)


def test_temperature_divides_scores_and_not_the_correction() -> None:
    answer = in_batch_softmax([[4.0]], [[1.0], [2.0]], temperature=2.0, log_probability=[1.0, -1.0])
    np.testing.assert_allclose(answer["logits"], [[4 / 2 - 1, 8 / 2 + 1]])


def test_rare_candidates_are_raised_and_the_positive_is_corrected_too() -> None:
    # weights 1 / q: 1/0.5 and 1/0.25, so the positive has 2 of 6
    answer = in_batch_softmax([[0.0]], [[1.0], [1.0]], log_probability=np.log([0.5, 0.25]))
    assert answer["loss"] == pytest.approx(LOG_3)


def test_best_head_scores() -> None:
    answer = in_batch_softmax([[[1.0, 0.0], [0.0, 2.0]]], [[3.0, 1.0], [0.0, 5.0]])
    np.testing.assert_allclose(answer["logits"], [[3.0, 10.0]])
    # all slope on the head that won: the positive's on head 0, the negative's on head 1
    share = 1 / (1 + math.exp(-7))
    np.testing.assert_allclose(answer["grad_queries"], [[[-3 * share, -share], [0, 5 * share]]], atol=1e-8)


@pytest.mark.parametrize(
    "ids", [[7, 7, 2**32 + 7], [2**53, 2**53, 2**53 + 1], ["a", "a", "A"], [b"", b"", b"0"]]
)
def test_accidental_hits_by_exact_id(ids: list[Any]) -> None:
    assert kept(candidate_ids=ids, remove_accidental_hits=True) == [[0, 2], [1, 2], [0, 1, 2]]


def test_accidental_hits_among_extra_negatives() -> None:
    candidates, ids = np.ones((5, 1)), ["a", "b", "c", "b", "d"]
    expected = [[0, 1, 2, 3, 4], [0, 1, 2, 4], [0, 1, 2, 3, 4]]
    assert kept(candidates=candidates, candidate_ids=ids, remove_accidental_hits=True) == expected


def test_ids_alone_remove_nothing() -> None:
    assert kept(candidate_ids=["a"] * 3, query_ids=["u"] * 3) == [[0, 1, 2]] * 3


def test_false_negatives_by_columns_when_candidates_have_no_ids() -> None:
    assert kept(query_ids=["u", "v", "u"], mask_false_negatives=True) == [[0, 1], [0, 1, 2], [1, 2]]


def test_false_negatives_wherever_their_id_stands() -> None:
    # u has a and c; v has c: so c stands in columns 1, 2 and 3, and a in column 0
    arguments = {
        "query_ids": ["u", "v", "u"],
        "candidate_ids": ["a", "c", "c", "c"],
        "mask_false_negatives": True,
    }
    assert kept(candidates=np.ones((4, 1)), **arguments) == [[0], [0, 1], [2]]


def test_score_mask_removes_negatives_and_never_a_positive() -> None:
    mask = [[False, False, True], [True, True, True], [False, False, False]]
    assert kept(score_mask=mask) == [[0, 2], [0, 1, 2], [2]]


def test_removed_mass_is_zero_and_the_positive_stays() -> None:
    answer = in_batch_softmax(ONES, ONES, score_mask=np.zeros((3, 3), bool))
    np.testing.assert_array_equal(answer["per_example"], [0, 0, 0])
    np.testing.assert_array_equal(answer["grad_candidates"], np.zeros((3, 1)))
    np.testing.assert_array_equal(np.diag(answer["logits"]), [1, 1, 1])


@pytest.mark.parametrize(("num", "columns"), [(0, [0]), (1, [0, 3]), (2, [0, 1, 3]), (9, [0, 1, 2, 3])])
def test_hard_negatives(num: int, columns: list[int]) -> None:
    logits = in_batch_softmax([[1.0]], [[0.0], [2.0], [1.0], [3.0]], num_hard_negatives=num)["logits"]
    assert list(np.flatnonzero(logits[0] > -INF)) == columns


def test_hard_negatives_are_chosen_after_removal_and_correction() -> None:
    arguments: dict[str, Any] = {"score_mask": [[True, True, True, False]], "log_probability": [0, 5, 0, 0]}
    candidates = [[0.0], [2.0], [1.0], [3.0]]
    logits = in_batch_softmax([[1.0]], candidates, num_hard_negatives=1, **arguments)["logits"]
    np.testing.assert_array_equal(logits, [[0, -INF, 1, -INF]])


def test_negatives_of_one_row_are_further_columns_of_it() -> None:
    """Row 0 has candidate scores 1 and 0 and an own one of 3; row 1 scores 0, 1 and -1, corrected by 2."""
    own, correction = [[[3.0, 0.0]], [[0.0, -1.0]]], [[0.0], [2.0]]
    answer = in_batch_softmax(np.eye(2), np.eye(2), own=own, own_log_probability=correction)
    np.testing.assert_allclose(answer["logits"], [[1, 0, 3], [0, 1, -3]])
    total = math.exp(1) + 1 + math.exp(3)
    np.testing.assert_allclose(answer["grad_own"][0, 0], [math.exp(3) / total / 2, 0], atol=1e-9)


def test_own_negatives_that_are_positives_of_the_query_are_removed() -> None:
    arguments: dict[str, Any] = {
        "own": np.ones((3, 2, 1)),
        "candidate_ids": ["a", "b", "c"],
        "query_ids": ["u", "v", "u"],
        "own_ids": [["a", "c"], ["a", "d"], ["b", "c"]],
    }
    hits = {"remove_accidental_hits": True}
    assert kept(**arguments, **hits) == [[0, 1, 2, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3]]
    assert kept(**arguments, mask_false_negatives=True) == [[0, 1], [0, 1, 2, 3, 4], [1, 2, 3]]


def test_weights_are_a_mean() -> None:
    queries, candidates = [[2.0, 0.0], [0.0, 3.0]], np.eye(2)
    first, second = in_batch_softmax(queries, candidates)["per_example"]
    for weights, expected in (([2, 1], (2 * first + second) / 3), ([0, 2], second), ([0, 0], 0)):
        answer = in_batch_softmax(queries, candidates, sample_weight=weights)
        assert answer["loss"] == pytest.approx(expected)


@pytest.mark.parametrize(
    "arguments",
    [
        {"remove_accidental_hits": True},
        {"remove_accidental_hits": True, "candidate_ids": ["a"]},
        {"mask_false_negatives": True},
        {"log_probability": [0.5]},
        {"sample_weight": [[1, 1, 1]]},
        {"score_mask": [True, True, True]},
        {"num_hard_negatives": -1},
    ],
)
def test_what_would_be_broadcast_or_guessed_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"expected|at least"):
        in_batch_softmax(ONES, ONES, **arguments)


def test_the_world_loses_what_it_should() -> None:
    world = batch_world(0)
    logits = in_batch_softmax(**vars(world))["logits"]
    assert np.isfinite(np.diag(logits)).all()
    assert logits[0, 1] == logits[0, 2] == logits[2, 0] == logits[0, 7] == -INF
    assert np.isfinite(logits[3]).sum() == 1


@settings(max_examples=15, deadline=None)
@given(batch_worlds())
def test_gradients_equal_the_closed_form(world: BatchWorld) -> None:
    world = replace(world, queries=world.queries.reshape(7, -1, 3)[:, 0], sample_weight=np.ones(7))
    answer = in_batch_softmax(**vars(world))
    closed = softmax_loss(world.queries, world.candidates, answer["logits"], np.arange(7))
    assert answer["loss"] == pytest.approx(closed.loss)
    np.testing.assert_allclose(answer["grad_queries"], closed.grad_queries / world.temperature, atol=1e-7)
    np.testing.assert_allclose(answer["grad_candidates"], closed.grad_catalog / world.temperature, atol=1e-7)


@settings(max_examples=15, deadline=None)
@given(batch_worlds(tied=True))
def test_fewer_negatives_never_cost_more(world: BatchWorld) -> None:
    free = replace(world, score_mask=np.ones_like(world.score_mask), num_hard_negatives=None)
    answer, answer_of_all = in_batch_softmax(**vars(world)), in_batch_softmax(**vars(free))
    assert (answer["per_example"] <= answer_of_all["per_example"]).all()
