"""Scores of candidates that queries leave out, on PyTorch: a list of them, without the padding."""

import torch

from shortlist.typing import Tensor

__all__ = ["ExcludedPlaces"]


class ExcludedPlaces:
    """Candidates that queries leave out, each once a query, however often it is named.

    Args:
        columns: `[num_rows, num_excluded]`, int32, numbers of candidates; negative is padding.
    """

    def __init__(self, columns: Tensor) -> None:
        self._num_rows = columns.shape[0]
        rows, places = torch.nonzero(columns >= 0, as_tuple=True)
        keys = columns[rows, places].to(torch.long) * self._num_rows + rows
        self._keys = torch.unique(keys)  # by candidate: those of a tile stand together

    def count_above(self, scores: Tensor, first: int, thresholds: tuple[float, ...]) -> tuple[Tensor, ...]:
        """How many left out candidates of a tile score above each threshold.

        Args:
            scores: `[num_rows, num_columns]`, of the tile.
            first: Number of its first candidate.
            thresholds: Numbers.

        Returns:
            `[num_rows]` for each threshold, float32.
        """
        bounds = self._num_rows * torch.tensor([first, first + scores.shape[1]], device=scores.device)
        start, end = torch.searchsorted(self._keys, bounds).tolist()
        keys = self._keys[start:end]
        rows = keys % self._num_rows
        found = scores[rows, keys // self._num_rows - first]
        none = torch.zeros(self._num_rows, device=scores.device)
        return tuple(none.index_add(0, rows, (found > threshold).to(none.dtype)) for threshold in thresholds)
