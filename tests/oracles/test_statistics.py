"""The closed forms by hand and by finite differences; what logQ repairs and what it does not."""

import math

import numpy as np
import pytest
from tests.oracles.softmax import finite_differences, in_batch_softmax
from tests.oracles.statistics import (
    FloatArray,
    Gradients,
    full_softmax_loss,
    gradient_bias,
    in_batch_gradients,
    sampled_world,
)


def turned(queries: FloatArray, candidates: FloatArray, log_probability: FloatArray | None) -> Gradients:
    """The correction with its sign turned."""
    return in_batch_gradients(queries, candidates, None if log_probability is None else -log_probability)


def test_full_softmax_by_hand() -> None:
    answer = full_softmax_loss([[1.0]], [[0.0], [math.log(3)]], [1])  # shares 1/4 and 3/4
    assert answer.loss == pytest.approx(math.log(4 / 3))
    np.testing.assert_allclose(answer.grad_catalog, [[1 / 4], [-1 / 4]])
    np.testing.assert_allclose(answer.grad_queries, [[-math.log(3) / 4]])


def test_full_softmax_gradients_equal_finite_differences() -> None:
    generator = np.random.default_rng(1)
    queries, catalog, rows = generator.normal(size=(4, 2)), generator.normal(size=(5, 2)), [0, 3, 3, 1]
    answer = full_softmax_loss(queries, catalog, rows)
    by_query = finite_differences(lambda moved: full_softmax_loss(moved, catalog, rows).loss, queries)
    by_item = finite_differences(lambda moved: full_softmax_loss(queries, moved, rows).loss, catalog)
    np.testing.assert_allclose(answer.grad_queries, by_query, atol=1e-8)
    np.testing.assert_allclose(answer.grad_catalog, by_item, atol=1e-8)


def test_in_batch_gradients_equal_the_slow_oracle() -> None:
    generator = np.random.default_rng(2)
    queries, candidates, logs = (
        generator.normal(size=(4, 2)),
        generator.normal(size=(4, 2)),
        generator.normal(size=4),
    )
    slow = in_batch_softmax(queries, candidates, log_probability=logs)
    by_query, by_candidate = in_batch_gradients(queries, candidates, logs)
    np.testing.assert_allclose(by_query, slow["grad_queries"], atol=1e-8)
    np.testing.assert_allclose(by_candidate, slow["grad_candidates"], atol=1e-8)


def test_the_world_is_a_skewed_distribution() -> None:
    world = sampled_world()
    assert world.joint.sum() == pytest.approx(1)
    np.testing.assert_allclose(world.item_probability, [0.55, 0.2, 0.12, 0.08, 0.05])


@pytest.mark.parametrize("seed", range(3))
def test_only_the_right_correction_approaches_the_full_softmax(seed: int) -> None:
    small = gradient_bias(in_batch_gradients, corrected=True, batch_size=8, seed=seed)
    large = gradient_bias(in_batch_gradients, corrected=True, batch_size=128, seed=seed)
    assert large < 0.05
    assert large < small / 3
    assert gradient_bias(in_batch_gradients, corrected=False, batch_size=128, seed=seed) > 0.1
    assert gradient_bias(turned, corrected=True, batch_size=128, seed=seed) > 0.2
