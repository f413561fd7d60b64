"""Scores of candidates that queries leave out, on JAX: with their padding, as shapes there must be known."""

import jax.numpy as jnp

from shortlist.typing import Tensor

__all__ = ["ExcludedPlaces"]


class ExcludedPlaces:
    """Candidates that queries leave out, each once a query, however often it is named.

    Args:
        columns: `[num_rows, num_excluded]`, int32, numbers of candidates; negative is padding.
    """

    def __init__(self, columns: Tensor) -> None:
        ordered = jnp.sort(columns, axis=1)
        is_repeated = jnp.pad(ordered[:, 1:] == ordered[:, :-1], ((0, 0), (1, 0)))[:, : columns.shape[1]]
        self._columns = jnp.where(is_repeated, -1, ordered)

    def count_above(
        self, scores: Tensor, first: Tensor | int, thresholds: tuple[float, ...]
    ) -> tuple[Tensor, ...]:
        """How many left out candidates of a tile score above each threshold.

        Args:
            scores: `[num_rows, num_columns]`, of the tile.
            first: Number of its first candidate.
            thresholds: Numbers.

        Returns:
            `[num_rows]` for each threshold, float32.
        """
        columns = self._columns - first
        is_here = (self._columns >= 0) & (columns >= 0) & (columns < scores.shape[1])
        found = jnp.take_along_axis(scores, jnp.where(is_here, columns, 0), axis=1)
        return tuple(
            jnp.sum((is_here & (found > threshold)).astype("float32"), axis=1) for threshold in thresholds
        )
