"""The order of batches, and what of a user's history goes with them."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shortlist.data import Histories, Interactions
from shortlist.data.encoded import StoredRows
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


@pytest.mark.contract
@pytest.mark.parametrize("steps", [1, 3, 5, 7, 12])
def test_epochs_of_fewer_or_more_steps_than_a_pass_go_on_where_those_before_ended(steps: int) -> None:
    num_epochs, a_pass = 10, -(-NUM_ROWS // BATCH_SIZE)

    def seen(first_epoch: int) -> list[list[int]]:
        data, found = batches(seed=3, steps_per_epoch=steps), []
        assert data.num_batches == steps
        for epoch in range(first_epoch, num_epochs):
            data.start_epoch(epoch)
            found += [data[number]["row"].tolist() for number in range(steps)]
        return found

    whole = seen(0)
    assert whole[4 * steps :] == seen(4)  # taken up again at epoch 4
    for start in range(0, len(whole) - a_pass + 1, a_pass):
        assert sorted(itertools.chain(*whole[start : start + a_pass])) == list(range(NUM_ROWS))


@pytest.mark.contract
def test_rows_on_the_disk_are_ordered_by_seed_and_epoch_alone(tmp_path: Path) -> None:
    StoredRows.write(tmp_path, [{"row": np.arange(NUM_ROWS)}])

    def order(epoch: int) -> list[int]:
        data = InteractionBatches(StoredRows(tmp_path), batch_size=BATCH_SIZE, seed=1)
        data.start_epoch(epoch)
        return order_of(data)

    assert sorted(order(2)) == list(range(NUM_ROWS))
    assert order(2) == order(2)
    assert order(2) != order(3)
