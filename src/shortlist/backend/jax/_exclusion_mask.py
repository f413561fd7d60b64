"""Places that queries leave out, on JAX: with their padding, as shapes there must be known."""

import math

import jax.numpy as jnp

from shortlist.typing import Tensor

__all__ = ["ExclusionMask"]


class ExclusionMask:
    """The places of scores of candidates that queries leave out.

    Args:
        columns: `[num_rows, num_excluded]`, int32, numbers of candidates, as often as one likes; negative is
            padding.
    """

    def __init__(self, columns: Tensor) -> None:
        self._columns = columns

    def fill(self, tile: Tensor, first: Tensor | int) -> Tensor:
        """Scores with minus infinity at every place that is left out.

        Args:
            tile: `[num_rows, num_columns]`, scores of consecutive candidates.
            first: Number of the first one.

        Returns:
            The same shape.
        """
        columns = self._columns - first
        columns = jnp.where((self._columns >= 0) & (columns >= 0), columns, tile.shape[1])  # beyond: dropped
        rows = jnp.arange(tile.shape[0])[:, None]
        return tile.at[rows, columns].set(-math.inf, mode="drop")
