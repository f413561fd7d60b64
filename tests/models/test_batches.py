"""The order of batches, and what of a user's history goes with them."""

from typing import Any

import numpy as np
import pytest

from shortlist.data import Histories, Interactions
from shortlist.models import InteractionBatches

NUM_ROWS, BATCH_SIZE = 23, 5


def batches(**options: Any) -> InteractionBatches:
    rows = np.arange(NUM_ROWS)
    return InteractionBatches({"row": rows, "square": rows**2}, batch_size=BATCH_SIZE, **options)


def order_of(data: InteractionBatches) -> list[int]:
    return np.concatenate([data[number]["row"] for number in range(data.num_batches)]).tolist()


@pytest.mark.contract
def test_each_row_once_with_all_its_columns() -> None:
    data = batches(seed=3)
    data.start_epoch(0)
    assert sorted(order_of(data)) == list(range(NUM_ROWS))
    assert order_of(data) != list(range(NUM_ROWS))
    for number in range(data.num_batches):
        np.testing.assert_array_equal(data[number]["square"], data[number]["row"] ** 2)
    assert [len(data[number]["row"]) for number in range(data.num_batches)] == [5, 5, 5, 5, 3]


@pytest.mark.contract
def test_without_a_seed_the_order_is_that_of_the_rows() -> None:
    data = batches()
    data.start_epoch(1)
    assert order_of(data) == list(range(NUM_ROWS))


@pytest.mark.contract
def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    def orders(seed: int, epochs: range) -> list[list[int]]:
        data, found = batches(seed=seed), []
        for epoch in epochs:
            data.ordering().on_epoch_begin(epoch, None)
            found.append(order_of(data))
        return found

    whole = orders(3, range(4))
    assert whole[2:] == orders(3, range(2, 4))
    assert len({tuple(order) for order in whole}) == 4
    assert whole[0] != orders(4, range(1))[0]


@pytest.mark.contract
def test_histories_are_as_wide_in_each_batch_and_padded() -> None:
    table = {"user": [7, 7, 7, 9], "item": [1, 2, 3, 1]}
    histories = Histories.from_interactions(Interactions.from_table(table, user="user", item="item"))
    data = InteractionBatches({"user": np.array([9, 7, 8])}, batch_size=2, exclude=("user", histories))
    found = [data[number]["excluded_ids"] for number in (0, 1)]
    assert [np.sort(row).tolist() for row in np.concatenate(found)] == [[-1, -1, 1], [1, 2, 3], [-1, -1, -1]]
    assert {array.shape[1] for array in found} == {3}
