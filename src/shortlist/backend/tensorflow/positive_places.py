"""Where a chunk of logits holds positives, on TensorFlow: lists of places, as long as there are positives."""

from typing import NamedTuple

import tensorflow as tf

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
        self, num_candidates: Tensor | int, candidate_codes: Tensor | None, query_codes: Tensor | None
    ) -> None:
        self._num_candidates = tf.cast(num_candidates, tf.int64)
        self._items: _Groups | None = None
        self._pairs: _Groups | None = None
        if candidate_codes is None and query_codes is None:
            return
        codes = tf.range(num_candidates) if candidate_codes is None else candidate_codes
        self._items = _groups(tf.argsort(codes, stable=True), codes, self._num_candidates)
        self._codes, self._queries = tf.cast(codes, tf.int64), query_codes
        if query_codes is not None:
            self._pairs = self._items_of_queries(tf.cast(query_codes, tf.int64))

    def _items_of_queries(self, queries: Tensor) -> "_Groups":
        num_queries = tf.size(queries, tf.int64)
        pairs, _ = tf.unique(queries * self._num_candidates + self._codes[:num_queries])
        pairs = tf.sort(pairs)
        return _groups(pairs % self._num_candidates, pairs // self._num_candidates, num_queries)

    def fill(self, chunk: Tensor, first: Tensor | int, value: float) -> Tensor:
        """Rows of logits with a value at every place that holds a positive.

        Args:
            chunk: `[num_rows, num_candidates]`, float32.
            first: Number of its first row in the batch.
            value: What to put there.

        Returns:
            The same shape; the chunk itself, changed, where nobody else holds it.
        """
        if self._items is None:  # in place, where scattering makes a copy
            return tf.linalg.set_diag(chunk, tf.fill(tf.shape(chunk)[:1], value), k=first)
        places = self._places(self._items, tf.shape(chunk, tf.int64)[0], tf.cast(first, tf.int64))
        values = tf.fill(tf.shape(places), value)
        flat = tf.tensor_scatter_nd_update(tf.reshape(chunk, (-1,)), places[:, None], values)
        return tf.reshape(flat, tf.shape(chunk))

    def _places(self, items: "_Groups", num_rows: Tensor, first: Tensor) -> Tensor:
        """Numbers of the places in the flat chunk."""
        rows = tf.range(num_rows)
        if self._pairs is None or self._queries is None:
            codes = self._codes[first : first + num_rows]
        else:
            rows, codes = self._pairs.members(rows, self._queries[first : first + num_rows])
        rows, columns = items.members(rows, codes)
        return rows * self._num_candidates + columns


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
        _, places = tf.raw_ops.RaggedRange(starts=starts, limits=ends, deltas=tf.ones((), tf.int64))
        return places // size, tf.gather(self.all_members, places % size)


def _groups(members: Tensor, group_of_each: Tensor, num_groups: Tensor) -> _Groups:
    """Groups of members that stand in the order of their groups, which are numbered from 0."""
    sizes = tf.math.unsorted_segment_sum(
        tf.ones_like(group_of_each, tf.int64), group_of_each, tf.cast(num_groups, tf.int32)
    )
    ends = tf.cumsum(sizes)
    return _Groups(tf.cast(members, tf.int64), ends - sizes, ends)
