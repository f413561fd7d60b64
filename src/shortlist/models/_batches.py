"""Batches of encoded rows, in an order that depends on a seed and the epoch only."""

from typing import Any

import keras
import numpy as np

from shortlist.data import Histories
from shortlist.data.encoded import ArrayRows, EncodedRows
from shortlist.data.encoded._rows import Take

__all__ = ["EXCLUDED", "SAMPLE_WEIGHT", "InteractionBatches"]

EXCLUDED = "excluded_ids"
"""Name of the feature with the candidate rows that metrics leave out, for each row."""

SAMPLE_WEIGHT = "sample_weight"
"""Name of the feature with the weight of each row."""


class InteractionBatches(keras.utils.PyDataset):
    """Keras dataset of batches of arrays by name.

    The order of the rows depends only on the seed and the epoch number, so a resumed run sees the same
    batches as an uninterrupted one. An epoch is one pass over the rows. With `steps_per_epoch`, each epoch
    continues where the previous one ended, and each pass visits every row once.

    Args:
        rows: Arrays by name, `[num_rows, ...]` each, or rows on disk.
        batch_size: Rows per batch; the last batch of a pass may be smaller.
        seed: Seed of the order; None keeps the order of the rows.
        exclude: Name of the array of users, and the candidates that metrics leave out for each of them. If
            the array is named `EXCLUDED`, the candidates replace it.
        weighted: Whether batches hold the row weights, if there are any.
        steps_per_epoch: Batches per epoch, by default those of a pass.

    Example:
        >>> batches = InteractionBatches({"user": np.arange(5)}, batch_size=2)
        >>> [batch["user"].tolist() for batch in (batches[0], batches[1], batches[2])]
        [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        rows: dict[str, np.ndarray] | EncodedRows,
        *,
        batch_size: int,
        seed: int | None = None,
        exclude: tuple[str, Histories] | None = None,
        weighted: bool = True,
        steps_per_epoch: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._rows = rows if isinstance(rows, EncodedRows) else ArrayRows(rows)
        self._batch_size, self._seed = batch_size, seed
        self._batches_a_pass = -(-len(self._rows) // batch_size)
        self._steps_per_epoch = steps_per_epoch
        self._exclude, self._weighted = exclude, weighted
        self._longest_history = 0 if exclude is None else int(np.diff(exclude[1].offsets).max(initial=1))
        self._epoch = 0
        self._pass: int | None = None
        self._take = self._rows.in_order(None)  # stays where there is no seed

    @property
    def num_batches(self) -> int:
        """Batches per epoch."""
        return self._batches_a_pass if self._steps_per_epoch is None else self._steps_per_epoch

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        number_of_pass, index = divmod(self._epoch * self.num_batches + index, self._batches_a_pass)
        start = index * self._batch_size
        batch = self._in_pass(number_of_pass)(start, min(start + self._batch_size, len(self._rows)))
        if not self._weighted:
            batch.pop(SAMPLE_WEIGHT, None)
        if self._exclude is not None:
            query, histories = self._exclude
            excluded = histories.padded(batch[query], max_length=self._longest_history)
            batch[EXCLUDED] = excluded.astype("int32", copy=False)
        return batch

    def _in_pass(self, number: int) -> Take:
        if self._seed is not None and number != self._pass:
            self._take, self._pass = self._rows.in_order((self._seed, number)), number
        return self._take

    def start_epoch(self, epoch: int) -> None:
        """Put the rows in the order of an epoch, numbered from 0."""
        self._epoch = epoch

    def ordering(self) -> keras.callbacks.Callback:
        """Return a callback that calls `start_epoch`; Keras' hooks of a dataset do not get the number."""
        return keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, _: self.start_epoch(epoch))
