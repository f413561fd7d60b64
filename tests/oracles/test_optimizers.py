"""The row-wise oracles on steps computed by hand."""

import numpy as np
import pytest
from tests.oracles import optimizers as oracles

TABLE = np.ones((3, 2))


def test_only_used_rows_change_and_repeated_rows_are_summed() -> None:
    batch = oracles.summed([2, 0, 2], [[1, 0], [0, 0], [1, 4]])
    table, slots, used = oracles.trained(TABLE, [], [batch], oracles.sgd(0.5))
    assert (table.tolist(), slots, used) == ([[1, 1], [1, 1], [0, -1]], [], {2})


def test_momentum_by_hand() -> None:
    """Two steps of gradient 1 at rate 0.5 and momentum 0.5: m = -0.5, -0.75."""
    batches = [oracles.summed([0], [[1, 1]])] * 2
    plain = oracles.trained(TABLE, [np.zeros((3, 2))], batches, oracles.sgd(0.5, 0.5))
    ahead = oracles.trained(TABLE, [np.zeros((3, 2))], batches, oracles.sgd(0.5, 0.5, nesterov=True))
    assert plain.table[0].tolist() == [-0.25, -0.25]
    assert ahead.table[0].tolist() == [1 - 0.75 - 0.875] * 2
    assert plain.slots[0].tolist() == [[-0.75, -0.75], [0, 0], [0, 0]]


def test_adagrad_by_hand() -> None:
    """Gradients 3 and 4: squares 9, then 25."""
    batches = [oracles.summed([1], [[value, 0]]) for value in (3, 4)]
    table, (squares,), _ = oracles.trained(
        TABLE, [np.zeros((3, 2))], batches, oracles.adagrad(1.0, 0.0 + 1e-30)
    )
    assert table[1].tolist() == pytest.approx([1 - 3 / 3 - 4 / 5, 1])
    assert squares.tolist() == [[0, 0], [25, 0], [0, 0]]


def test_row_wise_adagrad_by_hand() -> None:
    """The mean of the squares of (1, 7) is 25."""
    batch = oracles.summed([1], [[1, 7]])
    table, (total,), _ = oracles.trained(
        TABLE, [np.zeros((3, 1))], [batch], oracles.row_wise_adagrad(1.0, 0.0)
    )
    assert table[1].tolist() == pytest.approx([1 - 1 / 5, 1 - 7 / 5])
    assert total.tolist() == [[0], [25], [0]]


def test_adam_moves_by_its_rate_at_first() -> None:
    slots = [np.zeros((3, 2)), np.zeros((3, 2))]
    batch = oracles.summed([0], [[3, -5]])
    table, _, _ = oracles.trained(TABLE, slots, [batch], oracles.adam(0.5, 0.9, 0.999, 0.0))
    assert table[0].tolist() == pytest.approx([0.5, 1.5])


def test_clipping_shortens_what_is_too_long() -> None:
    batch = {0: np.array([3.0, 0]), 1: np.array([0, 4.0])}
    assert oracles.clipped_by_norm(batch, 10)[1].tolist() == [0, 4]
    assert oracles.clipped_by_norm(batch, 1)[0].tolist() == pytest.approx([0.6, 0])
