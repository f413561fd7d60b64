"""Places that queries leave out, on PyTorch: a list of them, without the padding."""

import math

import torch

from shortlist.typing import Tensor

__all__ = ["ExclusionMask"]


class ExclusionMask:
    """The places of scores of candidates that queries leave out.

    Args:
        columns: `[num_rows, num_excluded]`, int32, numbers of candidates, as often as one likes; negative is
            padding.
    """

    def __init__(self, columns: Tensor) -> None:
        self._rows, slots = torch.nonzero(columns >= 0, as_tuple=True)
        self._columns = columns[self._rows, slots].to(torch.long)

    def fill(self, tile: Tensor, first: int) -> Tensor:
        """Scores with minus infinity at every place that is left out.

        Args:
            tile: `[num_rows, num_columns]`, scores of consecutive candidates.
            first: Number of the first one.

        Returns:
            The same shape: the tile itself, changed.
        """
        columns = self._columns - first
        is_here = (columns >= 0) & (columns < tile.shape[1])
        tile[self._rows[is_here], columns[is_here]] = -math.inf
        return tile
