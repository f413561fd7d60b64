"""Vectors in partitions of one size."""

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np

from shortlist import backend
from shortlist.indexes._tables import as_table, rows_at_once
from shortlist.indexes.partitions._clustering import cluster, means
from shortlist.indexes.partitions._filling import fill
from shortlist.typing import Tensor

__all__ = ["Partitions", "default_num_partitions"]

_SLACK = 1.25
"""Places for each vector: partitions of one size are never all full."""


class Partitions(NamedTuple):
    """Where every vector lies; a partition is filled up with places that hold none."""

    centroids: np.ndarray
    """`[num_partitions, dim]`, float32."""
    rows: np.ndarray
    """`[num_partitions, size]`, int32, the row of each place; -1 in empty ones, which come last."""
    slots: np.ndarray
    """`[num_rows]`, int32, the place of each row, counted through all partitions."""
    scales: np.ndarray | None = None
    """`[num_rows]`, float32, what the codes of each row are multiplied by; None of vectors themselves."""

    @classmethod
    def of(cls, vectors: np.ndarray, num_partitions: int, seed: int, *, as_codes: bool = False) -> Self:
        """Cluster vectors, and lay each cluster out.

        Args:
            vectors: `[num_rows, dim]`, float32.
            num_partitions: How many; no more than there are rows.
            seed: Of the clustering.
            as_codes: Whether partitions hold numbers of one byte, from -127 to 127, in the place of vectors.
        """
        centroids = cluster(vectors, num_partitions, seed)
        size = -(-int(_SLACK * len(vectors)) // num_partitions)
        partition = fill(vectors, centroids, np.full(num_partitions, size))
        slots = _slots(partition, size, num_partitions)
        rows = np.full(num_partitions * size, -1, "int32")
        rows[slots] = np.arange(len(vectors), dtype="int32")
        scales = _largest(vectors) / np.float32(127) if as_codes else None
        centroids = means(vectors, partition, centroids)
        return cls(centroids, rows.reshape(num_partitions, size), slots, scales)

    def tables(self, vectors: np.ndarray) -> dict[str, Tensor]:
        """What a search reads.

        Args:
            vectors: The same as before.

        Returns:
            `centroids`, `rows` and `slots` as here; `vectors`, `[num_partitions, size, dim]`, float32, zeros
            in empty places. Of codes, `vectors` are int8, and there are `scales`, `[num_partitions, size]`,
            float32, and `exact`, `[num_rows, dim]`, the vectors by row.
        """
        shape, dtype = (*self.rows.shape, vectors.shape[1]), "float32" if self.scales is None else "int8"
        tables = {
            "centroids": as_table(self.centroids),
            "vectors": backend.assemble_table(self._laid(vectors, rows_at_once(shape, dtype)), shape, dtype),
            "rows": as_table(self.rows),
            "slots": as_table(self.slots),
        }
        if self.scales is not None:
            scales = np.where(self.rows < 0, np.float32(0), self.scales[self.rows])
            tables |= {"scales": as_table(scales), "exact": as_table(vectors)}
        return tables

    def _laid(self, vectors: np.ndarray, num_at_once: int) -> Iterator[np.ndarray]:
        """`[n, size, dim]`, vectors or codes in their places, some partitions at a time."""
        for first in range(0, len(self.rows), num_at_once):
            rows = self.rows[first : first + num_at_once]
            laid = vectors[rows]
            laid[rows < 0] = 0
            if self.scales is not None:
                laid = np.rint(laid / self.scales[rows][..., None]).astype("int8")
            yield laid


def default_num_partitions(num_rows: int) -> int:
    """How many partitions make looking for the right ones cost about as much as looking into some.

    Args:
        num_rows: How many vectors there are.

    Returns:
        `4 sqrt(num_rows)`, at most `num_rows`.
    """
    return min(num_rows, round(4 * num_rows**0.5))


def _slots(partition: np.ndarray, size: int, num_partitions: int) -> np.ndarray:
    """`[num_rows]`, int32; within a partition in the order of rows."""
    order = np.argsort(partition, kind="stable")
    starts = np.searchsorted(partition[order], np.arange(num_partitions))
    slots = np.empty(len(partition), "int32")
    slots[order] = partition[order] * size + np.arange(len(partition)) - starts[partition[order]]
    return slots


def _largest(vectors: np.ndarray) -> np.ndarray:
    """`[num_rows]`, the largest number of each vector, without its sign; never 0."""
    return np.maximum(np.maximum(vectors.max(axis=1), -vectors.min(axis=1)), np.float32(1e-30))
