"""Encoded interactions in batches, in an order that a seed and the epoch decide."""

from typing import Any

import keras
import numpy as np

from shortlist.data import Histories

__all__ = ["EXCLUDED", "SAMPLE_WEIGHT", "InteractionBatches"]

EXCLUDED = "excluded_ids"
"""The feature that holds, for each row, the candidate rows that metrics leave out."""

SAMPLE_WEIGHT = "sample_weight"
"""The feature that holds the weight of each row."""


class InteractionBatches(keras.utils.PyDataset):
    """Batches of arrays by name, for `fit` and `evaluate` on every backend.

    The order of an epoch depends on the seed and the number of the epoch alone, so a training that is taken
    up again at epoch n sees what an uninterrupted one would have seen.

    Args:
        arrays: By name, `[num_rows, ...]` each.
        batch_size: Rows a batch; the last one may be smaller.
        seed: Of the order; None keeps the order of the rows.
        exclude: The candidates of each query that metrics leave out, with the name of the array that holds
            the queries.

    Example:
        >>> batches = InteractionBatches({"user": np.arange(5)}, batch_size=2)
        >>> [batch["user"].tolist() for batch in (batches[0], batches[1], batches[2])]
        [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        arrays: dict[str, np.ndarray],
        *,
        batch_size: int,
        seed: int | None = None,
        exclude: tuple[str, Histories] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._arrays, self._batch_size, self._seed = arrays, batch_size, seed
        self._num_rows = len(next(iter(arrays.values())))
        self._exclude = exclude
        self._longest_history = 0 if exclude is None else int(np.diff(exclude[1].offsets).max())
        self._order = np.arange(self._num_rows)

    @property
    def num_batches(self) -> int:
        """Batches a pass."""
        return -(-self._num_rows // self._batch_size)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        batch = {name: array[rows] for name, array in self._arrays.items()}
        if self._exclude is not None:
            query, histories = self._exclude
            batch[EXCLUDED] = histories.padded(batch[query], max_length=self._longest_history).astype("int32")
        return batch

    def start_epoch(self, epoch: int) -> None:
        """Put the rows in the order of an epoch.

        Args:
            epoch: Its number, from 0.
        """
        if self._seed is not None:
            self._order = np.random.default_rng((self._seed, epoch)).permutation(self._num_rows)

    def ordering(self) -> keras.callbacks.Callback:
        """A callback that starts each epoch; Keras' own hooks of a dataset do not know its number."""
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: self.start_epoch(epoch))
