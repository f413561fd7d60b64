"""Where a chunk of logits holds positives, on JAX: a mask, as shapes there must be known."""

import jax.numpy as jnp

from shortlist.typing import Tensor

__all__ = ["PositivePlaces"]


class PositivePlaces:
    """The places of a batch's logits that hold a positive of the row's query.

    Place `(i, j)` is one when `j == i`, when candidate j is the item of candidate i, or when the batch holds
    a row r of the same query as i whose candidate is the item of j.

    Args:
        num_candidates: Columns.
        candidate_codes: `[num_candidates]`, int32, in `[0, num_candidates)`, equal exactly where candidates
            are one item; each is an item of its own when None.
        query_codes: `[num_queries]`, int32, in `[0, num_queries)`, equal exactly where queries are; each is
            one of its own when None.
    """

    def __init__(
        self, num_candidates: int, candidate_codes: Tensor | None, query_codes: Tensor | None
    ) -> None:
        self._columns = jnp.arange(num_candidates, dtype="int32")
        self._codes = self._columns if candidate_codes is None else candidate_codes
        self._queries = query_codes

    def fill(self, chunk: Tensor, first: Tensor | int, value: float) -> Tensor:
        """Rows of logits with a value at every place that holds a positive.

        Args:
            chunk: `[num_rows, num_candidates]`, float32.
            first: Number of its first row in the batch.
            value: What to put there.

        Returns:
            The same shape.
        """
        rows = first + jnp.arange(chunk.shape[0], dtype="int32")
        if self._queries is None:
            return jnp.where(self._codes[rows][:, None] == self._codes[None, :], value, chunk)
        return jnp.where(self._known(rows, self._queries), value, chunk)

    def _known(self, rows: Tensor, all_queries: Tensor) -> Tensor:
        """`[num_rows, num_candidates]`, by a table of the chunk's queries and the batch's items."""
        num_queries, num_rows = all_queries.shape[0], rows.shape[0]
        queries = all_queries[rows]
        lines = (
            jnp.full((num_queries,), num_rows).at[queries].set(jnp.arange(num_rows))
        )  # of a query, any of its rows
        table = jnp.zeros((num_rows + 1, self._codes.shape[0]), "bool")
        table = table.at[lines[all_queries], self._codes[:num_queries]].set(True)
        return table[lines[queries]][:, self._codes]
