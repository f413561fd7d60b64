"""Ranks and what they are worth, next to every order of the tied."""

from typing import Any

import keras
import numpy as np
import pytest
from tests.oracles.ranking import ranking_metrics as oracle
from tests.oracles.worlds import RankingWorld, ranking_world

from shortlist.metrics._ranking import ranking_metrics
from shortlist.metrics._ranks import distinct
from shortlist.metrics._true_ranks import NEVER, NUMPY, TrueRanks

METRICS = ("recall", "precision", "hit_rate", "mrr", "ndcg", "map")


def to_numpy(tensor: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(tensor))


def padded(lists: list[list[int]], width: int) -> np.ndarray:
    return np.array([[*one, *[-1] * (width - len(one))] for one in lists], "int32")


def counts(scores: np.ndarray, true: np.ndarray, excluded: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Of better and of tied candidates, one comparison after the other."""
    better, tied = np.full(true.shape, float(NEVER), "float32"), np.ones(true.shape, "float32")
    for query, place in np.ndindex(true.shape):
        row = true[query, place]
        if row < 0:
            continue
        left = [j for j in range(scores.shape[1]) if j not in excluded[query] or j in true[query]]
        better[query, place] = sum(scores[query, j] > scores[query, row] for j in left)
        tied[query, place] = sum(scores[query, j] == scores[query, row] for j in left)
    return better, tied


def evaluate(world: RankingWorld, k: int, xp: Any) -> dict[str, np.ndarray]:
    """Ranks first, then metrics; a true candidate outside the catalog is true and has no row."""
    true = padded([[row for row in dict.fromkeys(rows) if row != -1] for rows in world.true_rows], 4)
    better, tied = map(xp.convert_to_tensor, counts(world.scores, true, world.excluded_rows))
    values = ranking_metrics(TrueRanks(better, tied, xp.convert_to_tensor(true != -1), xp), k, METRICS)
    return {name: to_numpy(value) for name, value in values.items()}


@pytest.mark.contract
@pytest.mark.parametrize("xp", [keras.ops, NUMPY], ids=["keras", "numpy"])
def test_metrics_equal_the_oracle(xp: Any) -> None:
    for seed in range(15):
        world = ranking_world(seed)
        for k in world.ks:
            found = evaluate(world, k, xp)
            for query, (scores, true, excluded) in enumerate(
                zip(world.scores, world.true_rows, world.excluded_rows, strict=True)
            ):
                expected = oracle(scores, true, k, excluded) or dict.fromkeys(METRICS, 0.0)
                assert {name: float(found[name][query]) for name in METRICS} == pytest.approx(
                    expected, abs=1e-6
                )


@pytest.mark.contract
def test_constant_scores_of_a_large_catalog_are_worth_chance() -> None:
    better, tied = keras.ops.zeros((1, 2)), keras.ops.full((1, 2), 5000.0)
    ranks = TrueRanks(better, tied, keras.ops.convert_to_tensor([[True, True]]), keras.ops)
    values = ranking_metrics(ranks, 100, ("recall", "hit_rate"))
    assert float(values["recall"][0]) == pytest.approx(100 / 5000, rel=1e-5)
    misses = np.prod([(4998 - place) / (5000 - place) for place in range(100)])
    assert float(values["hit_rate"][0]) == pytest.approx(1 - misses, rel=1e-3)


@pytest.mark.contract
def test_distinct_keeps_one_of_each() -> None:
    rows = np.random.default_rng(0).integers(-2, 4, (20, 6)).astype("int32")
    found = to_numpy(distinct(keras.ops.convert_to_tensor(rows)))
    assert found.shape == rows.shape
    for kept, given in zip(found.tolist(), rows.tolist(), strict=True):
        real = [one for one in kept if one != -1]
        assert sorted(real) == sorted({one for one in given if one >= 0})
