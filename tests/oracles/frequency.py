"""Item frequencies counted batch by batch."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Streamed(NamedTuple):
    """What is known after one batch: counts [num_rows], their total, log probabilities [num_rows]."""

    counts: NDArray[np.int64]
    total: int
    log_probability: NDArray[np.float64]


def streamed_log_probability(batches_of_rows: Iterable[Sequence[int]], num_rows: int) -> list[Streamed]:
    """`log(max(count, 1) / total)` after each batch, that batch included; never seen counts as seen once.

    Args:
        batches_of_rows: the item row of each example, batch after batch.
        num_rows: how many rows there are.

    Returns:
        One `Streamed` a batch.
    """
    counter: Counter[int] = Counter()
    streamed = []
    for batch in batches_of_rows:
        counter.update(int(row) for row in batch)
        if any(row not in range(num_rows) for row in counter):
            raise ValueError(f"a row outside 0..{num_rows - 1} in {list(batch)}")
        streamed.append(frequencies_of(counter, num_rows))
    return streamed


def frequencies_of(counter: Counter[int], num_rows: int) -> Streamed:
    """Counts, total and log probabilities of what was counted so far."""
    counts = [counter[row] for row in range(num_rows)]
    total = sum(counts)
    logs = [math.log(max(count, 1) / max(total, 1)) for count in counts]
    return Streamed(np.array(counts, np.int64), total, np.array(logs))
