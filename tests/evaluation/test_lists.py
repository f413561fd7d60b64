import numpy as np
import pytest
from hypothesis import given
from tests.oracles.lists import PADDING, evaluate_list, evaluate_lists
from tests.oracles.worlds import ID_KINDS, SEEDS, list_world

from shortlist.errors import ArgumentError
from shortlist.evaluation import _lists as lists
from shortlist.evaluation._lists import check_lists, metrics_of_ranks, ranks_in_lists
from shortlist.metrics._ranking import RANKING_METRICS as METRICS


def as_matrix(lists):
    width = max(map(len, lists))
    matrix = np.full((len(lists), width), None, dtype=object)
    for row, ids in zip(matrix, lists, strict=True):
        row[: len(ids)] = ids
    return matrix


@given(seed=SEEDS, kind=ID_KINDS)
def test_metrics_equal_the_oracle_for_each_list(seed, kind):
    world = list_world(seed, id_kind=kind)
    true = [sorted(set(ids) - PADDING) for ids in world.true]
    pairs = [(query, one) for query, ids in enumerate(true) for one in ids]
    queries = np.array([query for query, _ in pairs])
    ids = np.array([one for _, one in pairs], dtype=object)
    ranks = ranks_in_lists(as_matrix(world.recommended), queries, ids)
    evaluated = [query for query, wanted in enumerate(true) if wanted]
    for k in world.ks:
        values = metrics_of_ranks(ranks, np.searchsorted(evaluated, queries), k, METRICS)
        for row, query in enumerate(evaluated):
            expected = evaluate_list(world.recommended[query], true[query], k)
            assert {name: value[row] for name, value in values.items()} == pytest.approx(expected)


@given(seed=SEEDS)
def test_parts_of_any_size_give_the_same_values(seed):
    generator = np.random.default_rng(seed)
    queries = np.repeat(np.arange(30), generator.integers(1, 7, 30))
    queries = generator.permutation(queries)
    ranks = np.where(generator.random(len(queries)) < 0.3, np.inf, generator.permutation(len(queries)) + 1.0)
    whole = metrics_of_ranks(ranks, queries, 20, list(METRICS))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "_LARGEST", 50)
        parts = metrics_of_ranks(ranks, queries, 20, list(METRICS))
    for name, values in whole.items():
        np.testing.assert_array_equal(parts[name], values)
    for query in range(30):  # an item a rank: the lists of the oracle
        own = ranks[queries == query]
        recommended = [rank if rank in own else -1.0 for rank in range(1, len(queries) + 1)]
        true = [rank if np.isfinite(rank) else 1000 + number for number, rank in enumerate(own)]
        expected = evaluate_list(recommended, true, 20)
        assert {name: values[query] for name, values in whole.items()} == pytest.approx(expected)


def test_all_six_metrics_are_there():
    assert sorted(METRICS) == sorted(evaluate_lists([["a"]], [["a"]], [1])[1])


def test_an_id_that_is_duplicated_counts_at_its_first_place():
    ranks = ranks_in_lists(np.array([["b", "a", "b", "c"]]), np.array([0, 0]), np.array(["b", "c"]))
    assert ranks.tolist() == [1, 4]


def test_lists_without_slots_hold_nothing():
    ranks = ranks_in_lists(np.empty((2, 0), dtype=object), np.array([0, 1]), np.array(["a", "b"]))
    assert ranks.tolist() == [np.inf, np.inf]


def test_ids_that_fall_together_as_floats_stay_apart():
    lists = np.array([[2**53 + 1, 2**53]])
    assert ranks_in_lists(lists, np.array([0, 0]), np.array([2**53, 2**53 + 1])).tolist() == [2, 1]


@pytest.mark.parametrize(
    ("lists", "kind", "message"),
    [
        ([["a"]], "str", r"shape \[2, 3\] or narrower, got \(1, 1\)"),
        (["a", "b"], "str", r"got \(2,\)"),
        ([["a"] * 4] * 2, "str", r"got \(2, 4\)"),
        ([["a", "b"], ["a"]], "str", r"shape \[2, 3\] or narrower, got \(2,\).*padded"),
        ([["a"], [b"a"]], "str", "str ids .* got bytes"),
        ([["a"], [7]], "str", "str ids .* got int"),
        (np.array([[b"a"], [b"b"]]), "str", "str ids .* got bytes"),
        ([["7"], ["8"]], "int64", "int64 ids .* got str"),
        (np.array([[7.0], [np.nan]]), "int64", "int64 ids .* got float"),
    ],
)
def test_lists_that_cannot_be_evaluated_are_refused(lists, kind, message):
    with pytest.raises(ArgumentError, match=message):
        check_lists(lists, num_users=2, k=3, kind=kind)


@pytest.mark.parametrize("lists", [[[7, None]], np.array([[7, -1]], dtype=np.int32), [[np.int64(7), 8]]])
def test_integers_of_any_width_are_taken(lists):
    assert check_lists(lists, num_users=1, k=2, kind="int64").shape == (1, 2)
