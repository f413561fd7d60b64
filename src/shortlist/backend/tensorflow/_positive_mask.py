"""Where a chunk of logits holds positives, on TensorFlow: lists of places, as long as there are positives."""

from typing import NamedTuple

import tensorflow as tf

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
        num_codes: Tensor | int,
    ) -> None:
        self._row_queries, self._num_columns = row_queries, tf.size(column_items, tf.int64)
        num_codes = tf.cast(num_codes, tf.int64)
        pairs, _ = tf.unique(tf.cast(queries, tf.int64) * num_codes + tf.cast(items, tf.int64))
        pairs = tf.sort(pairs)
        self._items_of = _groups(pairs % num_codes, pairs // num_codes, num_codes)
        self._columns_of = _groups(tf.argsort(column_items, stable=True), column_items, num_codes)

    def fill(self, chunk: Tensor, first: Tensor | int, value: float) -> Tensor:
        """Rows of logits with a value at every place that holds a positive.

        Args:
            chunk: `[n, num_columns]`, float32.
            first: Number of its first row.
            value: What to put there.

        Returns:
            The same shape; the chunk itself, changed, which nobody else may hold.
        """
        num_rows = tf.shape(chunk)[0]
        rows, items = self._items_of.members(
            tf.range(tf.cast(num_rows, tf.int64)), self._row_queries[first : first + num_rows]
        )
        rows, columns = self._columns_of.members(rows, items)
        slots = tf.cast(rows * self._num_columns + columns, tf.int32)
        flat = tf.reshape(chunk, (-1, 1))  # of which operators that scatter would make a copy
        filled = tf.raw_ops.InplaceUpdate(x=flat, i=slots, v=tf.fill((tf.size(slots), 1), value))
        return tf.reshape(filled, tf.shape(chunk))


class _Groups(NamedTuple):
    """Lists of members, one after another."""

    all_members: Tensor
    starts: Tensor
    ends: Tensor

    def members(self, rows: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
        """The members of each row's group, with the row once for each of them."""
        size = tf.size(self.all_members, tf.int64)
        shift = rows * size  # a row's places lie in a stretch of their own, which tells the row again
        starts, ends = tf.gather(self.starts, groups) + shift, tf.gather(self.ends, groups) + shift
        _, slots = tf.raw_ops.RaggedRange(starts=starts, limits=ends, deltas=tf.ones((), tf.int64))
        return slots // size, tf.gather(self.all_members, slots % size)


def _groups(members: Tensor, group_of_each: Tensor, num_groups: Tensor) -> _Groups:
    """Groups of members that stand in the order of their groups, which are numbered from 0."""
    sizes = tf.math.unsorted_segment_sum(
        tf.ones_like(group_of_each, tf.int64), group_of_each, tf.cast(num_groups, tf.int32)
    )
    ends = tf.cumsum(sizes)
    return _Groups(tf.cast(members, tf.int64), ends - sizes, ends)
