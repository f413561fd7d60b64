"""The next batch is made meanwhile; one of another order never comes."""

import threading
from typing import Any

import pytest

from shortlist.backend._prefetch import PrefetchDataset

pytestmark = pytest.mark.contract


class Batches:
    """Tells what it was asked for, and by which threads."""

    num_batches = 4

    def __init__(self) -> None:
        self.order = "a"
        self.asked: list[int] = []
        self.threads: set[int] = set()

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        self.threads.add(threading.get_ident())
        if index == 3 and self.order == "bad":
            raise ValueError("batch 3 is bad")
        return f"{self.order}{index}"


def test_each_batch_in_turn_made_once_and_elsewhere() -> None:
    batches = Batches()
    ahead = PrefetchDataset(batches)
    assert ahead.num_batches == 4
    assert [ahead[index] for index in range(4)] == ["a0", "a1", "a2", "a3"]
    assert batches.asked == [0, 1, 2, 3]
    assert threading.get_ident() not in batches.threads


def test_the_next_is_asked_for_before_it_is_needed() -> None:
    made = threading.Event()

    class Watched(Batches):
        def __getitem__(self, index: int) -> Any:
            if index == 1:
                made.set()
            return super().__getitem__(index)

    ahead = PrefetchDataset(Watched())
    assert ahead[0] == "a0"
    assert made.wait(timeout=10)


def test_a_new_epoch_sees_its_own_order_even_after_a_broken_off_one() -> None:
    batches = Batches()
    ahead = PrefetchDataset(batches)
    assert [ahead[index] for index in range(4)] == ["a0", "a1", "a2", "a3"]
    batches.order = "b"
    assert [ahead[0], ahead[1]] == ["b0", "b1"]
    batches.order = "c"
    assert [ahead[index] for index in range(4)] == ["c0", "c1", "c2", "c3"]


def test_a_failure_comes_with_its_batch() -> None:
    batches = Batches()
    batches.order = "bad"
    ahead = PrefetchDataset(batches)
    assert [ahead[index] for index in range(3)] == ["bad0", "bad1", "bad2"]
    with pytest.raises(ValueError, match="batch 3 is bad"):
        ahead[3]
