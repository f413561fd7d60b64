"""Batches reach Keras one by one, in the order of their numbers, as they were."""

from typing import Any

import keras
import numpy as np
import pytest

from shortlist import backend

pytestmark = pytest.mark.contract


class Batches(keras.utils.PyDataset):
    """Seven rows in batches of three, the last one shorter; asked for again in each pass."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = np.arange(7, dtype="int32")

    @property
    def num_batches(self) -> int:
        return 3

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        rows = self.rows[3 * index : 3 * index + 3]
        return {"row": rows, "pair": np.stack([rows, rows**2], axis=1).astype("float32")}


class Seen(keras.Model):
    """Gives back what it is given."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.stack([keras.ops.cast(inputs["row"], "float32"), inputs["pair"][:, 1]], axis=1)


def test_rows_arrive_in_order_and_a_second_pass_sees_what_changed() -> None:
    batches = Batches()
    dataset = backend.as_dataset(batches)
    model = Seen()
    model.compile()
    first = model.predict(dataset, verbose=0)
    np.testing.assert_array_equal(first, [[row, row**2] for row in range(7)])
    batches.rows = batches.rows[::-1].copy()
    second = model.predict(dataset, verbose=0)
    np.testing.assert_array_equal(second, first[::-1])
