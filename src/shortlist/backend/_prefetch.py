"""Batches that are made while the step before them runs."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, final

import keras

__all__ = ["PrefetchDataset"]


@final
class PrefetchDataset(keras.utils.PyDataset):
    """Numbered batches, the next of which another thread makes while this one is used.

    Keras' own workers would begin with the next epoch before it is told to the batches, in an order that is
    out of date then. Here nothing is made ahead beyond the last batch, and what was made for another number
    than the one asked for is thrown away.

    Args:
        batches: Has `num_batches`, and `batches[i]`; asked for one batch at a time.

    Example:
        >>> class Squares:
        ...     num_batches = 3
        ...
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> ahead = PrefetchDataset(Squares())
        >>> [ahead[number] for number in range(ahead.num_batches)]
        [0, 1, 4]
    """

    def __init__(self, batches: Any) -> None:
        super().__init__()
        self._batches = batches
        self._maker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shortlist-batches")
        self._ahead: dict[int, Future[Any]] = {}

    @property
    def num_batches(self) -> int:
        """Batches an epoch."""
        return int(self._batches.num_batches)

    def __getitem__(self, index: int) -> Any:
        batch = (self._ahead.pop(index, None) or self._make(index)).result()
        self._ahead = {index + 1: self._make(index + 1)} if index + 1 < self.num_batches else {}
        return batch

    def _make(self, index: int) -> Future[Any]:
        return self._maker.submit(self._batches.__getitem__, index)
