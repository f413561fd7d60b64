"""Masks of logits and scores in TensorFlow, kept as lists of the masked slots."""

import math
from typing import NamedTuple

import tensorflow as tf

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
        self._row_queries, self._num_columns = row_queries, tf.size(column_items, tf.int64)
        num_codes = tf.cast(num_codes, tf.int64)
        pairs, _ = tf.unique(tf.cast(queries, tf.int64) * num_codes + tf.cast(items, tf.int64))
        pairs = tf.sort(pairs)
        self._items_of = _grouped(pairs % num_codes, pairs // num_codes, num_codes)
        self._columns_of = _grouped(tf.argsort(column_items, stable=True), column_items, num_codes)

    def fill(self, chunk: Tensor, first: Tensor | int, value: float) -> Tensor:
        num_rows = tf.shape(chunk)[0]
        rows, items = self._items_of.members(
            tf.range(tf.cast(num_rows, tf.int64)), self._row_queries[first : first + num_rows]
        )
        rows, columns = self._columns_of.members(rows, items)
        slots = tf.cast(rows * self._num_columns + columns, tf.int32)
        flat = tf.reshape(chunk, (-1, 1))  # scatter operators would copy the chunk
        filled = tf.raw_ops.InplaceUpdate(x=flat, i=slots, v=tf.fill((tf.size(slots), 1), value))
        return tf.reshape(filled, tf.shape(chunk))


class _Groups(NamedTuple):
    """Members of all groups, concatenated; group `g` is `all_members[starts[g]:ends[g]]`."""

    all_members: Tensor
    starts: Tensor
    ends: Tensor

    def members(self, rows: Tensor, groups: Tensor) -> tuple[Tensor, Tensor]:
        """Return the members of each row's group, and the row repeated for each of them."""
        size = tf.size(self.all_members, tf.int64)
        shift = rows * size  # gives each row a range of its own, so that // recovers the row
        starts, ends = tf.gather(self.starts, groups) + shift, tf.gather(self.ends, groups) + shift
        _, slots = tf.raw_ops.RaggedRange(starts=starts, limits=ends, deltas=tf.ones((), tf.int64))
        return slots // size, tf.gather(self.all_members, slots % size)


def _grouped(members: Tensor, group_of_each: Tensor, num_groups: Tensor) -> _Groups:
    """Return the groups of members that are sorted by group."""
    sizes = tf.math.unsorted_segment_sum(
        tf.ones_like(group_of_each, tf.int64), group_of_each, tf.cast(num_groups, tf.int32)
    )
    ends = tf.cumsum(sizes)
    return _Groups(tf.cast(members, tf.int64), ends - sizes, ends)


class ExclusionMask:
    def __init__(self, columns: Tensor) -> None:
        slots = tf.where(columns >= 0)
        self._rows, self._columns = tf.cast(slots[:, 0], tf.int32), tf.gather_nd(columns, slots)

    def fill(self, tile: Tensor, first: Tensor | int) -> Tensor:
        columns = self._columns - first
        is_here = tf.logical_and(columns >= 0, columns < tf.shape(tile)[1])
        here = tf.where(is_here)[:, 0]
        slots = tf.stack([tf.gather(self._rows, here), tf.gather(columns, here)], axis=1)
        return tf.tensor_scatter_nd_update(tile, slots, tf.fill(tf.shape(here), -math.inf))
