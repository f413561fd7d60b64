"""Where a chunk of logits holds positives, on JAX: a mask, as shapes there must be known."""

import jax.numpy as jnp

from shortlist.typing import Tensor

__all__ = ["PositiveMask"]


class PositiveMask:
    """The places of a batch's logits that hold a positive of the row's query.

    Place `(i, j)` is one when some example of query `row_queries[i]` has the item `column_items[j]`. Queries
    and items are codes in `[0, num_codes)`, equal exactly where the ids are.

    Args:
        queries: `[num_examples]`, int32, the query of each example.
        items: `[num_examples]`, int32, its item.
        row_queries: `[num_rows]`, the query of each row of the logits.
        column_items: `[num_columns]`, the item of each column.
        num_codes: How many codes there can be.
    """

    def __init__(
        self,
        queries: Tensor,
        items: Tensor,
        row_queries: Tensor,
        column_items: Tensor,
        num_codes: int,
    ) -> None:
        self._queries, self._items = queries, items
        self._row_queries, self._column_items, self._num_codes = row_queries, column_items, num_codes

    def fill(self, chunk: Tensor, first: Tensor | int, value: float) -> Tensor:
        """Rows of logits with a value at every place that holds a positive.

        Args:
            chunk: `[n, num_columns]`, float32.
            first: Number of its first row.
            value: What to put there.

        Returns:
            The same shape.
        """
        num_rows = chunk.shape[0]
        queries = self._row_queries[first + jnp.arange(num_rows, dtype="int32")]
        lines = jnp.full((self._num_codes,), num_rows).at[queries].set(jnp.arange(num_rows))
        table = jnp.zeros((num_rows + 1, self._num_codes), "bool")  # a query has the line of any of its rows
        table = table.at[lines[self._queries], self._items].set(True)
        return jnp.where(table[lines[queries]][:, self._column_items], value, chunk)
