"""Batches that are prepared while the previous step runs."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, final

import keras

__all__ = ["PrefetchDataset"]


@final
class PrefetchDataset(keras.utils.PyDataset):
    """Numbered batches, prepared one ahead in a background thread.

    Keras' own workers start on the next epoch before its order is drawn. Here nothing is prepared beyond the
    last batch, and a prepared batch is dropped if another one is requested.

    Args:
        batches: Has `num_batches` and `batches[i]`; read from one thread at a time.

    Example:
        >>> class Squares:
        ...     num_batches = 3
        ...
        ...     def __getitem__(self, index):
        ...         return index**2
        >>> dataset = PrefetchDataset(Squares())
        >>> [dataset[number] for number in range(dataset.num_batches)]
        [0, 1, 4]
    """

    def __init__(self, batches: Any) -> None:
        super().__init__()
        self._batches = batches
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="shortlist-batches")
        self._prepared: dict[int, Future[Any]] = {}

    @property
    def num_batches(self) -> int:
        """Batches per epoch."""
        return int(self._batches.num_batches)

    def __getitem__(self, index: int) -> Any:
        batch = (self._prepared.pop(index, None) or self._submit(index)).result()
        self._prepared = {index + 1: self._submit(index + 1)} if index + 1 < self.num_batches else {}
        return batch

    def _submit(self, index: int) -> Future[Any]:
        return self._worker.submit(self._batches.__getitem__, index)
