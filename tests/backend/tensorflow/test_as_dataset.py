"""What TensorFlow does with batches next to handing them over."""

from typing import Any

import numpy as np

from shortlist.backend.tensorflow import as_dataset


class _Batches:
    num_batches = 2

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"row": np.arange(3 + index)}


def test_nothing_is_tuned_by_a_thread_that_the_end_of_an_epoch_would_wait_for() -> None:
    fed = as_dataset(_Batches())
    assert fed.options().autotune.enabled is False
    assert [len(batch["row"]) for batch in fed] == [3, 4]
