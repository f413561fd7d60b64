"""Memory layout of vectors in equal-sized partitions."""

from collections.abc import Iterator
from typing import NamedTuple, Self

import numpy as np

from shortlist import backend
from shortlist.search._tables import as_table, rows_at_once
from shortlist.search.partitions._clustering import cluster, means
from shortlist.search.partitions._filling import fill
from shortlist.typing import Tensor

__all__ = ["Partitions", "default_num_partitions"]

_SLACK = 1.25
"""Slots per vector: equal-sized partitions are never all full."""


class Partitions(NamedTuple):
    """Assignment of rows to slots of equal-sized partitions; unused slots are padding."""

    centroids: np.ndarray
    """`[num_partitions, dim]`, float32."""
    rows: np.ndarray
    """`[num_partitions, size]`, int32, the row in each slot; -1 is padding, at the end."""
    slots: np.ndarray
    """`[num_rows]`, int32, the slot of each row in the flattened `rows`."""
    scales: np.ndarray | None = None
    """`[num_rows]`, float32, the scale of the int8 codes of each row; None without codes."""

    @classmethod
    def of(cls, vectors: np.ndarray, num_partitions: int, seed: int, *, as_codes: bool = False) -> Self:
        """Cluster vectors and assign them to slots.

        Args:
            vectors: `[num_rows, dim]`, float32.
            num_partitions: Number of partitions, at most `num_rows`.
            seed: Seed of the clustering.
            as_codes: Store int8 codes in [-127, 127] instead of float32 vectors.
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
        """Build the tables read by a search.

        Args:
            vectors: Vectors passed to `of`.

        Returns:
            `centroids`, `rows` and `slots` of this tuple, and `vectors` `[num_partitions, size, dim]`,
            float32, zero at padding. With codes, `vectors` is int8, and `scales` `[num_partitions, size]`,
            float32, and `exact` `[num_rows, dim]`, float32, are added.
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
        """Yield vectors or codes `[n, size, dim]` of `num_at_once` partitions at a time."""
        for first in range(0, len(self.rows), num_at_once):
            rows = self.rows[first : first + num_at_once]
            laid = vectors[rows]
            laid[rows < 0] = 0
            if self.scales is not None:
                laid = np.rint(laid / self.scales[rows][..., None]).astype("int8")
            yield laid


def default_num_partitions(num_rows: int) -> int:
    """Return `4 sqrt(num_rows)`, at most `num_rows`.

    Choosing partitions then costs about as much as searching them.

    Args:
        num_rows: Number of vectors.
    """
    return min(num_rows, round(4 * num_rows**0.5))


def _slots(partition: np.ndarray, size: int, num_partitions: int) -> np.ndarray:
    """Return the slot of each row `[num_rows]`, int32, in row order within a partition."""
    order = np.argsort(partition, kind="stable")
    starts = np.searchsorted(partition[order], np.arange(num_partitions))
    slots = np.empty(len(partition), "int32")
    slots[order] = partition[order] * size + np.arange(len(partition)) - starts[partition[order]]
    return slots


def _largest(vectors: np.ndarray) -> np.ndarray:
    """Return the largest absolute value of each vector `[num_rows]`; never 0."""
    return np.maximum(np.maximum(vectors.max(axis=1), -vectors.min(axis=1)), np.float32(1e-30))
