"""Masks of logits and scores in JAX, with static shapes."""

import math

import jax.numpy as jnp

from shortlist.typing import Tensor

__all__ = ["ExclusionMask", "PositiveMask"]


class PositiveMask:
    def __init__(
        self,
        queries: Tensor,
        items: Tensor,
        row_queries: Tensor,
        column_items: Tensor,
        num_codes: Tensor | int,
    ) -> None:
        self._queries, self._items = queries, items
        self._row_queries, self._column_items, self._num_codes = row_queries, column_items, num_codes

    def fill(self, chunk: Tensor, first: Tensor | int, value: float) -> Tensor:
        num_rows = chunk.shape[0]
        queries = self._row_queries[first + jnp.arange(num_rows, dtype="int32")]
        # A table [num_rows + 1, num_codes] of positives: rows of one query share a line, queries of other
        # chunks the last one.
        lines = jnp.full((self._num_codes,), num_rows).at[queries].set(jnp.arange(num_rows))
        table = jnp.zeros((num_rows + 1, self._num_codes), "bool")
        table = table.at[lines[self._queries], self._items].set(True)
        return jnp.where(table[lines[queries]][:, self._column_items], value, chunk)


class ExclusionMask:
    def __init__(self, columns: Tensor) -> None:
        self._columns = columns

    def fill(self, tile: Tensor, first: Tensor | int) -> Tensor:
        columns = self._columns - first
        columns = jnp.where((self._columns >= 0) & (columns >= 0), columns, tile.shape[1])  # dropped below
        rows = jnp.arange(tile.shape[0])[:, None]
        return tile.at[rows, columns].set(-math.inf, mode="drop")
